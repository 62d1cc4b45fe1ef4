import { createSpectron } from "@spectron/core";
import type { MemoryError } from "@spectron/core";
import { createAdapterMemory, idAnchor } from "@spectron/core/adapter";
import type { Receipt } from "@spectron/core/adapter";
import { startTestService } from "@spectron/testing";
import type { TestService } from "@spectron/testing";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

let service: TestService;
beforeEach(async () => {
  service = await startTestService();
});
afterEach(async () => {
  await service.stop();
});

const binding = { scope: "u/a", session: "t1" };
const message = (id: string, text: string) => ({
  role: "user" as const,
  text,
  anchor: idAnchor(id),
});

test("a repeated unit is sent once, also by another instance and another handle", async () => {
  for (const spectron of [service.spectron, service.spectron, createSpectron(service.service)]) {
    const memory = createAdapterMemory({ spectron, adapter: "langchain" });
    memory.turn(binding, { inputs: [message("m1", "hello")] });
    await spectron.flush();
  }
  expect(service.batches()).toHaveLength(1);
  expect(await service.stored()).toEqual(["user: hello"]);
});

test("equal words at another place are another turn, an edited message is another unit", async () => {
  const memory = createAdapterMemory({ spectron: service.spectron, adapter: "langchain" });
  memory.turn(binding, { inputs: [message("m1", "yes")] });
  memory.turn(binding, { inputs: [message("m2", "yes")] });
  memory.turn(binding, { inputs: [message("m2", "no")] });
  await service.spectron.flush();
  expect(await service.stored()).toEqual(["user: yes", "user: yes", "user: no"]);
});

test("writes of one thread keep their order, whatever is awaited", async () => {
  const memory = createAdapterMemory({ spectron: service.spectron, adapter: "langchain" });
  const expected: string[] = [];
  for (let index = 0; index < 20; index += 1) {
    const turn = memory.turn(binding, { inputs: [message(`u${index}`, `question ${index}`)] });
    void turn.finish([{ role: "assistant", text: `answer ${index}`, anchor: `a${index}` }]);
    expected.push(`user: question ${index}`, `assistant: answer ${index}`);
  }
  await service.spectron.flush();
  expect(await service.stored()).toEqual(expected);
});

test("two adapters with one scope and session share one session, two users do not", async () => {
  const first = createAdapterMemory({ spectron: service.spectron, adapter: "langchain" });
  const second = createAdapterMemory({ spectron: service.spectron, adapter: "ai-sdk" });
  const id = await first.sessionId(binding);
  expect(await second.sessionId(binding)).toBe(id);
  expect(await second.sessionId({ ...binding, scope: "u/b" })).not.toBe(id);
});

test("steps and retries of one turn share one recall and the same bytes", async () => {
  const memory = createAdapterMemory({ spectron: service.spectron, adapter: "langchain" });
  await service.spectron.facts.batch({
    scopes: [["u/a"]],
    messages: [{ role: "user", content: "I live in Braga." }],
  });
  const ask = () =>
    memory.turn(binding, { inputs: [], query: "Where do I live?", queryAnchor: "m1" }).block;
  const blocks = await Promise.all([ask(), ask(), ask()]);
  expect(new Set(blocks).size).toBe(1);
  expect(blocks[0]).toContain("Braga");
  expect(service.requests.filter((request) => request.path.endsWith("/context"))).toHaveLength(1);
});

test("one request brings profile and context; where the service leaves the profile out, it is asked for", async () => {
  const asked: string[] = [];
  const spectron = (isOlder: boolean) =>
    createSpectron({
      ...service.service,
      fetch: async (input, init) => {
        const request = new Request(input, init);
        asked.push(new URL(request.url).pathname.split("/").at(-1) ?? "");
        const response = await service.service.fetch(request);
        if (!isOlder || asked.at(-1) !== "context") return response;
        const { profile: _, ...body } = (await response.json()) as Record<string, unknown>;
        return Response.json(body);
      },
    });
  await service.spectron.facts.batch({
    scopes: [[binding.scope]],
    messages: [{ role: "user", content: "I live in Braga." }],
  });
  for (const isOlder of [false, true]) {
    const memory = createAdapterMemory({
      spectron: spectron(isOlder),
      adapter: "langchain",
      store: "never",
      recall: { timeoutMs: 20_000 },
    });
    const ask = async (query: string) =>
      memory.turn(binding, { inputs: [], query, queryAnchor: query }).block;
    expect(await ask("Where do I live?")).toContain("home_city: Braga");
    expect(await ask("Where is my home?")).toContain("home_city: Braga");
  }
  expect(asked.toSorted()).toEqual([
    "context",
    "context",
    "context",
    "context",
    "health",
    "profile",
    "profile",
  ]);
});

test("a dead service is asked once, then the breaker answers; the turn is reported, nothing rejects", async () => {
  const errors: string[] = [];
  const fetch = vi.fn<typeof globalThis.fetch>(async () => {
    throw new TypeError("fetch failed");
  });
  const spectron = createSpectron({ url: "http://127.0.0.1:9", context: "dev", fetch, retries: 0 });
  const memory = createAdapterMemory({
    spectron,
    adapter: "langchain",
    store: "never",
    onError: (error: MemoryError) => errors.push(error.code),
  });
  for (let index = 0; index < 5; index += 1)
    expect(await memory.turn(binding, { inputs: [], query: `question ${index}` }).block).toBe("");
  expect(fetch).toHaveBeenCalledTimes(1); // the one read of the first turn
  expect(errors).toHaveLength(5);
});

test("failureMode throw makes a failed write fail the call", async () => {
  const spectron = createSpectron({
    url: "http://127.0.0.1:9",
    context: "dev",
    retries: 0,
    fetch: async () => {
      throw new TypeError("fetch failed");
    },
  });
  const memory = createAdapterMemory({ spectron, adapter: "langchain", failureMode: "throw" });
  const turn = memory.turn(binding, { inputs: [message("m1", "hello")] });
  await expect(
    turn.finish([{ role: "assistant", text: "hi", anchor: "a1" }]),
  ).rejects.toMatchObject({
    code: "connection",
  });
});

test("a receipt tells what was found and stored", async () => {
  const receipts: Receipt[] = [];
  const memory = createAdapterMemory({
    spectron: service.spectron,
    adapter: "langchain",
    onReceipt: (receipt) => receipts.push(receipt),
  });
  await service.spectron.facts.batch({
    scopes: [["u/a"]],
    messages: [{ role: "user", content: "I live in Braga." }],
  });
  const turn = memory.turn(binding, {
    inputs: [message("m1", "Where do I live?")],
    query: "Where do I live?",
  });
  await turn.block;
  await turn.finish([{ role: "assistant", text: "In Braga.", anchor: "a1" }]);
  await service.spectron.flush();
  await vi.waitFor(() => {
    expect(receipts).toHaveLength(1);
  });
  expect(receipts[0]).toMatchObject({ scope: "u/a", session: "t1", stored: { failed: 0 } });
  expect(receipts[0]?.recalled.entries).toBeGreaterThan(0);
  expect(receipts[0]?.stored.keys).toHaveLength(2);
});
