import { MemoryError, createSpectron } from "@spectron/core";
import { createTranscript } from "@spectron/core/transcript";
import type { Transcript, TranscriptEntry } from "@spectron/core/transcript";
import { startTestService } from "@spectron/testing";
import type { TestService } from "@spectron/testing";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

type Json = unknown;

let service: TestService;

beforeEach(async () => {
  // handles that open one session at the same moment wait for the first of them
  service = await startTestService({ client: { retries: 10 } });
});
afterEach(async () => {
  await service.stop();
});

const open = (
  changes: { adapter?: string; session?: string; scope?: string } = {},
): Transcript<Json> =>
  createTranscript({
    spectron: service.spectron,
    adapter: changes.adapter ?? "openai-agents",
    binding: {
      scope: changes.scope ?? "org/acme/user/alice",
      session: changes.session ?? "thread",
    },
  });

const item = (value: Json): TranscriptEntry<Json> => ({ item: value });
const said = (text: string): TranscriptEntry<Json> => ({
  item: { type: "message", text },
  message: { role: "user", text },
});
const facts = async (): Promise<string[]> =>
  (await service.spectron.profile({ lens: [["org/acme/user/alice"]] })).static.map(
    ({ key, value }) => `${key}: ${value}`,
  );
/** Every turn of the session in order of arrival, in words. */
const turns = async (): Promise<string[]> => (await service.stored()).map((line) => line.trimEnd());

describe("reading and appending", () => {
  test("items come back as they were, oldest first, in another handle too", async () => {
    const items = [
      { type: "reasoning", content: [], nested: { z: 1, a: [null, true, "x"] } },
      "text",
      7,
      { providerData: { odd: "\u0000 \uD800 é 😀" } },
    ];
    await open().append(items.map(item));
    expect(await open().read()).toEqual(items);
  });

  test("a limit gives the newest, oldest of them first", async () => {
    const transcript = open();
    await transcript.append([1, 2, 3, 4].map(item));
    expect(await transcript.read({ limit: 2 })).toEqual([3, 4]);
    expect(await transcript.read({ limit: 9 })).toEqual([1, 2, 3, 4]);
    expect(await transcript.read({ limit: 0 })).toEqual([]);
  });

  test("a limit reads no further than it must", async () => {
    const transcript = open();
    for (let index = 0; index < 3; index += 1)
      await transcript.append(Array.from({ length: 400 }, (_, at) => item(index * 400 + at)));
    service.requests.length = 0;
    expect(await transcript.read({ limit: 3 })).toEqual([1197, 1198, 1199]);
    expect(service.requests.filter(({ method }) => method === "GET")).toHaveLength(1);
    expect(await transcript.read()).toHaveLength(1200);
  });

  test("an append is one request, however many items it has up to the bound of the service", async () => {
    await open().append([said("I live in Braga."), item(1), item(2)]);
    expect(service.batches()).toHaveLength(1);
  });

  test("more items than one request holds are stored in order", async () => {
    const items = Array.from({ length: 1201 }, (_, index) => index);
    await open().append(items.map(item));
    expect(service.batches().length).toBeGreaterThan(1);
    expect(await open().read()).toEqual(items);
  });

  test("an item larger than one turn is stored in pieces and comes back whole", async () => {
    const large = { image: 'é"\\😀'.repeat(70_000), id: 1 };
    const transcript = open();
    await transcript.append([
      item("before"),
      { item: large, message: { role: "user", text: "look" } },
      item("after"),
    ]);
    expect(await transcript.read()).toEqual(["before", large, "after"]);
    expect(await transcript.read({ limit: 2 })).toEqual([large, "after"]);
    await transcript.pop();
    expect(await transcript.pop()).toEqual(large);
    expect(await transcript.read()).toEqual(["before"]);
  });

  test("an item whose turn was deleted is gone, whole or in pieces", async () => {
    const transcript = open();
    const large = { text: "x".repeat(150_000) };
    await transcript.append([
      said("one"),
      { item: large, message: { role: "user", text: "big" } },
      said("three"),
    ]);
    const path = service.requests.find((request) => request.path.endsWith("/turns"))?.path ?? "";
    const { turns: stored } = (await (await service.call("GET", path)).json()) as {
      turns: { id: string; content: string }[];
    };
    for (const turn of stored.filter(({ content }) => content === "big" || content === "three"))
      expect((await service.call("DELETE", `${path}/${turn.id}`)).status).toBe(204);
    expect(await transcript.read()).toEqual([{ type: "message", text: "one" }]);
    await transcript.append([said("four")]);
    expect(await transcript.pop()).toEqual({ type: "message", text: "four" });
    expect(await transcript.pop()).toEqual({ type: "message", text: "one" });
  });

  test("what a caller does to an item afterwards changes nothing", async () => {
    const transcript = open();
    const mine = { deep: { text: "kept" } };
    await transcript.append([item(mine)]);
    mine.deep.text = "changed";
    const [read] = (await transcript.read()) as [typeof mine];
    read.deep.text = "changed";
    expect(await transcript.read()).toEqual([{ deep: { text: "kept" } }]);
  });
});

describe("memory", () => {
  test("words and item are one turn", async () => {
    await open().append([said("I live in Braga."), item({ type: "reasoning" })]);
    expect(await turns()).toEqual(["user: I live in Braga.", "system:"]);
    expect(await facts()).toEqual(["home_city: Braga"]);
  });

  test("words that are not to be remembered stay in the transcript alone", async () => {
    await open().append([{ ...said("I live in Braga."), remember: false }]);
    expect(await turns()).toEqual(["user: I live in Braga."]);
    expect(await facts()).toEqual([]);
  });

  test("clear, pop and rewrite leave memory as it was", async () => {
    const transcript = open();
    await transcript.append([said("I live in Braga.")]);
    await transcript.rewrite(() => ["summary"]);
    await transcript.pop();
    await transcript.clear();
    expect(await transcript.read()).toEqual([]);
    expect(await facts()).toEqual(["home_city: Braga"]);
  });

  test("a memory block in the words is not stored as words, but stays in the item", async () => {
    const block = "<spectron-memory>\nhome_city: Porto\n</spectron-memory>";
    await open().append([{ item: { text: block }, message: { role: "user", text: block } }]);
    expect(await turns()).toEqual(["user:"]);
    expect(await open().read()).toEqual([{ text: block }]);
  });
});

describe("changes", () => {
  test("pop takes the newest item and returns it", async () => {
    const transcript = open();
    await transcript.append([1, 2, 3].map(item));
    expect(await transcript.pop()).toBe(3);
    expect(await transcript.pop()).toBe(2);
    await transcript.append([item(4)]);
    expect(await transcript.read()).toEqual([1, 4]);
    expect(await transcript.pop()).toBe(4);
    expect(await transcript.pop()).toBe(1);
    expect(await transcript.pop()).toBeUndefined();
  });

  test("every item is popped once, however many ask at the same time", async () => {
    await open().append([1, 2, 3, 4, 5, 6].map(item));
    const popped = await Promise.all([1, 2, 3, 4, 5, 6].map(async () => open().pop()));
    expect(new Set(popped)).toEqual(new Set([1, 2, 3, 4, 5, 6]));
    expect(await open().read()).toEqual([]);
  });

  test("appends at the same time are all kept, each in one piece", async () => {
    const writers = ["a", "b", "c", "d"];
    await Promise.all(
      writers.map(async (name) => open().append([item(`${name}1`), item(`${name}2`)])),
    );
    const items = (await open().read()) as string[];
    expect(items.toSorted()).toEqual(writers.flatMap((name) => [`${name}1`, `${name}2`]));
    for (const name of writers)
      expect(items.indexOf(`${name}2`)).toBe(items.indexOf(`${name}1`) + 1);
  });

  test("calls on one transcript take effect in the order in which they were made", async () => {
    const transcript = open();
    const results = await Promise.all([
      transcript.append([item(1), item(2)]),
      transcript.pop(),
      transcript.append([item(3)]),
      transcript.read(),
      transcript.clear(),
      transcript.read(),
    ]);
    expect(results).toEqual([undefined, 2, undefined, [1, 3], undefined, []]);
  });

  test("a flush of the handle waits for what is under way", async () => {
    void open().append([item(1)]);
    await service.spectron.flush();
    expect(service.batches()).toHaveLength(1);
    expect(service.spectron.drainables.size).toBe(0);
  });

  test("an answer that got lost is asked for again, and nothing happens twice", async () => {
    let lost = 0;
    const losing = createSpectron({
      ...service.service,
      retryBaseMs: 1,
      fetch: async (input, init) => {
        const request = new Request(input, init);
        const response = await service.service.fetch(request);
        if (request.method !== "POST" || !request.url.endsWith("/facts/batch") || lost >= 2)
          return response;
        lost += 1;
        throw new TypeError("fetch failed");
      },
    });
    const transcript = createTranscript<Json>({
      spectron: losing,
      adapter: "openai-agents",
      binding: { scope: "org/acme/user/alice", session: "thread" },
    });
    await transcript.append([item(1), item(2)]);
    expect(await transcript.pop()).toBe(2);
    expect(lost).toBe(2);
    expect(await open().read()).toEqual([1]);
  });

  test("the same state and words make the same key, in any handle and whatever the raw item looks like", async () => {
    await open({ session: "one" }).append([
      { item: { raw: 1 }, message: { role: "user", text: "hi" } },
    ]);
    const other = await startTestService();
    await createTranscript<Json>({
      spectron: other.spectron,
      adapter: "openai-agents",
      binding: { scope: "org/acme/user/alice", session: "one" },
    }).append([{ item: { raw: "stream" }, message: { role: "user", text: "hi" } }]);
    expect(other.batches()[0]?.key).toBe(service.batches()[0]?.key);
    await other.stop();
  });
});

describe("operations", () => {
  test("an append with an operation id happens once, also after a restart", async () => {
    await open().append([item(1)], { operationId: "op" });
    await open().append([item(2)]);
    await open().append([item(1)], { operationId: "op" });
    expect(await open().read()).toEqual([1, 2]);
  });

  test("an operation id with another change is refused and changes nothing", async () => {
    await open().append([item(1)], { operationId: "op" });
    await expect(open().append([item(2)], { operationId: "op" })).rejects.toMatchObject({
      code: "conflict",
    });
    await expect(open().replaceSuffix([1], [item(2)], { operationId: "op" })).rejects.toMatchObject(
      {
        code: "conflict",
      },
    );
    expect(await open().read()).toEqual([1]);
  });

  test("a suffix is replaced once, and only when it is the expected one", async () => {
    const transcript = open();
    await transcript.append([1, 2, 3].map(item));
    await expect(
      transcript.replaceSuffix([2], [item(9)], { operationId: "wrong" }),
    ).rejects.toBeInstanceOf(MemoryError);
    await expect(
      transcript.replaceSuffix([0, 1, 2, 3], [item(9)], { operationId: "long" }),
    ).rejects.toMatchObject({ code: "conflict" });
    expect(await transcript.read()).toEqual([1, 2, 3]);
    await transcript.replaceSuffix([2, 3], [item(4)], { operationId: "op" });
    await transcript.replaceSuffix([2, 3], [item(4)], { operationId: "op" });
    expect(await transcript.read()).toEqual([1, 4]);
    await transcript.replaceSuffix([], [item(5)], { operationId: "empty" });
    await transcript.replaceSuffix([1, 4, 5], [], { operationId: "all" });
    expect(await transcript.read()).toEqual([]);
  });

  test("the same operation at the same time happens once", async () => {
    await Promise.all(
      [1, 2, 3, 4].map(async () => open().append([item(1)], { operationId: "op" })),
    );
    expect(await open().read()).toEqual([1]);
  });

  test("operation ids start anew after a clear", async () => {
    const transcript = open();
    await transcript.append([item(1)], { operationId: "op" });
    await transcript.clear();
    await transcript.append([item(1)], { operationId: "op" });
    expect(await transcript.read()).toEqual([1]);
    await transcript.clear();
    await transcript.append([item(2)], { operationId: "op" });
    expect(await transcript.read()).toEqual([2]);
  });

  test("a rewrite keeps what is the same, and an equal list stores nothing", async () => {
    const transcript = open();
    await transcript.append([1, 2, 3].map(item));
    const before = service.batches().length;
    await transcript.rewrite((items) => items);
    expect(service.batches()).toHaveLength(before);
    await transcript.rewrite((items) => items.map((value) => (value === 2 ? 20 : value)));
    expect(await transcript.read()).toEqual([1, 20, 3]);
    expect(service.batches().at(-1)?.body.messages).toHaveLength(3);
  });

  test("a change that no single request can hold is refused whole", async () => {
    const transcript = open();
    await transcript.append([item(1)]);
    await expect(
      transcript.rewrite(() => Array.from({ length: 2000 }, (_, index) => index)),
    ).rejects.toMatchObject({ code: "validation" });
    expect(await transcript.read()).toEqual([1]);
  });
});

describe("deciding on what is stored", () => {
  test("a decision sees the newest items first and is made again when another writer came first", async () => {
    await open().append([item(1)]);
    let decisions = 0;
    await open().append(async (history) => {
      decisions += 1;
      const seen: Json[] = [];
      for await (const found of history.newestFirst()) seen.push(found.item);
      if (decisions === 1) await open().append([item(2)]);
      return [item(seen)];
    });
    expect(decisions).toBe(2);
    expect(await open().read()).toEqual([1, 2, [2, 1]]);
  });

  test("what was just cleared can be seen until something else is stored", async () => {
    const transcript = open();
    const seen: unknown[] = [];
    const look = async (next: Json): Promise<void> =>
      transcript.append(async (history) => {
        seen.push(await history.cleared());
        return [item(next)];
      });
    await look(1);
    await look(2);
    await transcript.clear();
    await look(3);
    await look(4);
    expect(seen).toEqual([undefined, undefined, [1, 2], undefined]);
  });
});

describe("bounds", () => {
  test("lists of other adapters and other sessions are apart", async () => {
    await open().append([item("mine")]);
    await open({ adapter: "langchain" }).append([item("theirs")]);
    await open({ session: "other" }).append([item("elsewhere")]);
    await service.spectron.facts.batch({
      scopes: [["org/acme/user/alice"]],
      messages: [{ role: "user", content: "hello" }],
    });
    expect(await open().read()).toEqual(["mine"]);
    await open({ adapter: "langchain" }).clear();
    expect(await open().read()).toEqual(["mine"]);
  });

  test("a service that does not keep messages as they are is refused, and the way out is named", async () => {
    const old = createSpectron({
      url: "http://127.0.0.1:9",
      context: "dev",
      fetch: async () => Response.json({ status: "ok", capabilities: ["external-session-id"] }),
    });
    const transcript = createTranscript<Json>({
      spectron: old,
      adapter: "openai-agents",
      binding: { scope: "u/a", session: "s" },
    });
    await expect(transcript.read()).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining('"transcript"') as string,
    });
    await expect(transcript.append([item(1)])).rejects.toMatchObject({ code: "unsupported" });
  });

  test("a transcript without scope or session cannot be made", () => {
    expect(() => open({ session: "" })).toThrow(MemoryError);
    expect(() => open({ scope: "" })).toThrow(MemoryError);
  });
});

/** One call on a list; answers with what a caller sees of it. */
type Step = (
  transcript: Transcript<Json>,
  list: Json[],
) => Promise<[seen: unknown, wanted: unknown]>;

const value = fc.jsonValue({ maxDepth: 2 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(value, { maxLength: 4 }).map((items): Step => async (transcript, list) => {
      await transcript.append(items.map(item));
      list.push(...items);
      return [[], []];
    }),
  },
  fc.constant<Step>(async (transcript, list) => [await transcript.pop(), list.pop()]),
  fc.constant<Step>(async (transcript, list) => {
    await transcript.clear();
    list.length = 0;
    return [[], []];
  }),
  fc.integer({ min: 0, max: 6 }).map((limit): Step => async (transcript, list) => [
    await transcript.read({ limit }),
    limit === 0 ? [] : list.slice(-limit),
  ]),
  fc
    .record({
      count: fc.integer({ min: 0, max: 3 }),
      items: fc.array(value, { maxLength: 2 }),
      id: fc.uuid(),
    })
    .map(({ count, items, id }): Step => async (transcript, list) => {
      const expected = list.splice(Math.max(0, list.length - count));
      await transcript.replaceSuffix(expected, items.map(item), { operationId: id });
      list.push(...items);
      return [[], []];
    }),
  fc.integer({ min: 0, max: 3 }).map((at): Step => async (transcript, list) => {
    list.splice(at, 1);
    await transcript.rewrite(() => list);
    return [[], []];
  }),
);

test("random programs leave the list that a plain array would hold", async () => {
  let program = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 12 }), async (calls) => {
      program += 1;
      const session = `program-${program}`;
      const list: Json[] = [];
      for (const call of calls) {
        const [seen, wanted] = await call(open({ session }), list);
        expect(seen).toEqual(wanted);
      }
      expect(await open({ session }).read()).toEqual(list);
    }),
    { numRuns: 100 },
  );
}, 120_000);
