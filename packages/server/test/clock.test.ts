import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, openSqliteStore } from "@spectron/engine";
import { expect, test } from "vitest";
import { createApp } from "../src/app.ts";
import { ownerKeyRecord } from "../src/auth/keys.ts";

const HOUR = 3_600_000;
const KEY = "sp-test-0123456789abcdef0123456789abcdef";

test("a key that was refused as expired stays refused when the clock is set back and the service starts anew", async () => {
  const folder = await mkdtemp(join(tmpdir(), "spectron-clock-"));
  const start = Date.UTC(2026, 0, 1);
  let wall = start;
  const open = async (): Promise<{ status(): Promise<number>; end(): Promise<void> }> => {
    const store = await openSqliteStore({ path: join(folder, "memory.db") });
    const engine = createEngine({ store, now: () => wall });
    await engine.bootstrap({ ...(await ownerKeyRecord("dev", KEY)), expiresAt: start + HOUR });
    const app = createApp({ engine });
    return {
      status: async () =>
        (
          await app(
            new Request("http://test/api/v1/dev/me", {
              headers: { authorization: `Bearer ${KEY}` },
            }),
          )
        ).status,
      // what a process leaves that just ends: the engine is told nothing
      end: async () => store.close(),
    };
  };
  const first = await open();
  expect(await first.status()).toBe(200);
  await first.end();
  const second = await open();
  wall += HOUR;
  expect(await second.status()).toBe(401);
  await second.end();
  wall = start;
  const third = await open();
  expect(await third.status()).toBe(401);
  await third.end();
  await rm(folder, { recursive: true, force: true });
});
