import { mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSpectron } from "@spectron/core";
import type { Spectron } from "@spectron/core";
import { createAdapterMemory, idAnchor } from "@spectron/core/adapter";
import type { AdapterMemoryOptions } from "@spectron/core/adapter";
import { fileOutbox } from "@spectron/core/outbox-file";
import { startTestService } from "@spectron/testing";
import type { TestService } from "@spectron/testing";
import { afterEach, beforeEach, expect, test } from "vitest";

let service: TestService;
let directory: string;
let told: string[];
beforeEach(async () => {
  service = await startTestService();
  directory = await mkdtemp(join(tmpdir(), "spectron-refused-"));
  told = [];
});
afterEach(async () => {
  await service.stop();
  await rm(directory, { recursive: true, force: true });
});

const WRONG_KEY = "sp-nobody-0000000000000000000000";
const said = ["one", "two", "three"];

function connect(options: { apiKey?: string; fetch?: typeof globalThis.fetch } = {}): Spectron {
  // the handles of a test share one service, which none of them ends
  return createSpectron({
    ...service.service,
    fetch: service.fetch,
    close: undefined,
    ...options,
  });
}

async function talk(spectron: Spectron, more: Partial<AdapterMemoryOptions> = {}): Promise<void> {
  const memory = createAdapterMemory({
    spectron,
    adapter: "kit",
    onError: ({ code }, { operation, kept }) => told.push(`${operation} ${code} ${kept}`),
    ...more,
  });
  for (const text of said)
    memory.turn(
      { scope: "u/a", session: "t1" },
      { inputs: [{ role: "user", text, anchor: idAnchor(text) }], recall: false },
    );
  await spectron.flush();
}

test("a wrong key keeps what was said, counts it as undelivered, and asks no more than once a flush", async () => {
  const spectron = connect({ apiKey: WRONG_KEY });
  await talk(spectron);
  expect(told).toEqual(Array.from(said, () => "store unauthorized true"));
  const asked = service.requests.length;
  expect(await spectron.flush()).toEqual({ undelivered: 3 });
  expect(service.requests.length - asked).toBe(1);
  expect(told).toHaveLength(3);
  // without a spill the end of the handle is the end of what waits
  expect(await spectron.close()).toEqual({ undelivered: 3 });
  expect(told.slice(3)).toEqual(Array.from(said, () => "store configuration false"));
});

test.each([401, 403])(
  "what a service refused with %i is stored, in order and once, when it accepts the key again",
  async (status) => {
    let isRefusing = true;
    const spectron = connect({
      fetch: async (input, init) =>
        isRefusing && init?.method === "POST"
          ? Response.json({ code: "no" }, { status })
          : service.fetch(input, init),
    });
    await talk(spectron);
    expect(await spectron.flush()).toEqual({ undelivered: 3 });
    isRefusing = false;
    expect(await spectron.flush()).toEqual({ undelivered: 0 });
    expect(await service.stored()).toEqual(said.map((text) => `user: ${text}`));
  },
);

test("with a spill the next process, which has the right key, delivers what a rotated key refused", async () => {
  const first = fileOutbox({ directory });
  const old = connect({ apiKey: WRONG_KEY });
  await talk(old, { outbox: { spill: first } });
  expect(await old.close()).toEqual({ undelivered: 3 });
  first.close();
  // as the file of a process of another machine that ended
  for (const name of await readdir(directory))
    await utimes(join(directory, name), new Date(0), new Date(0));

  const next = fileOutbox({ directory });
  const spectron = connect();
  createAdapterMemory({ spectron, adapter: "kit", outbox: { spill: next } });
  expect(await spectron.flush()).toEqual({ undelivered: 0 });
  expect(await service.stored()).toEqual(said.map((text) => `user: ${text}`));
  next.close();
  expect(new Set(told)).toEqual(new Set(["store unauthorized true"]));
});

test("a message that the service refuses for what it is does not wait", async () => {
  const spectron = connect({
    fetch: async (input, init) =>
      new Request(input, init).url.endsWith("/facts/batch")
        ? Response.json({ code: "validation_failed" }, { status: 400 })
        : service.fetch(input, init),
  });
  await talk(spectron);
  expect(told).toEqual(Array.from(said, () => "store validation false"));
  expect(await spectron.flush()).toEqual({ undelivered: 0 });
});
