import type { Engine, FoundKey } from "@spectron/engine";
import { expect, test } from "vitest";
import { createAuthenticate } from "./authenticate.ts";
import { ownerKeyRecord } from "./keys.ts";

const KEY = "sp-test-0123456789abcdef0123456789abcdef";
const headers = new Headers({ authorization: `Bearer ${KEY}` });

async function stored(): Promise<{
  engine: Pick<Engine, "keepPassed" | "now" | "read">;
  state: State;
}> {
  const key: FoundKey = { ...(await ownerKeyRecord("dev", KEY)), contextSecret: "secret" };
  const state: State = { now: 1000, elapsed: 0, reads: 0, kept: [], key };
  const read = (async () => {
    state.reads += 1;
    return state.key;
  }) as Engine["read"];
  const keepPassed = async (instant: number): Promise<void> => {
    state.kept.push(instant);
  };
  return { engine: { now: () => state.now, read, keepPassed }, state };
}

interface State {
  now: number;
  elapsed: number;
  kept: number[];
  reads: number;
  key: FoundKey | undefined;
}

test("requests within a second read the key once", async () => {
  const { engine, state } = await stored();
  const authenticate = createAuthenticate(engine, { elapsed: () => state.elapsed });
  await authenticate("dev", headers);
  state.elapsed += 999;
  await authenticate("dev", headers);
  expect(state.reads).toBe(1);
  state.elapsed += 1;
  await authenticate("dev", headers);
  expect(state.reads).toBe(2);
});

test("a key that is taken away is refused a second later at most, a new one works at once", async () => {
  const { engine, state } = await stored();
  const authenticate = createAuthenticate(engine, { elapsed: () => state.elapsed });
  const key = state.key;
  await authenticate("dev", headers);
  state.key = undefined;
  // the service's time stands still while a clock that was set back catches up
  state.elapsed += 1000;
  await expect(authenticate("dev", headers)).rejects.toMatchObject({ status: 401 });
  state.key = key;
  await expect(authenticate("dev", headers)).resolves.toMatchObject({ me: { kind: "service" } });
});

test("a wrong secret is refused although the key of that name was just used", async () => {
  const { engine } = await stored();
  const authenticate = createAuthenticate(engine);
  await authenticate("dev", headers);
  const wrong = new Headers({ authorization: `Bearer ${KEY}0` });
  await expect(authenticate("dev", wrong)).rejects.toMatchObject({ status: 401 });
});

test("a key that has expired is refused, and that its time has passed is stored first", async () => {
  const { engine, state } = await stored();
  if (state.key !== undefined) state.key.expiresAt = 1000;
  const authenticate = createAuthenticate(engine);
  await expect(authenticate("dev", headers)).rejects.toMatchObject({ status: 401 });
  expect(state.kept).toEqual([1000]);
});
