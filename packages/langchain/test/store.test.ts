import { AIMessage } from "@langchain/core/messages";
import { fakeModel } from "@langchain/core/testing";
import { InMemoryStore } from "@langchain/langgraph";
import type { BaseStore } from "@langchain/langgraph-checkpoint";
import { SpectronStore } from "@spectron/langchain/store";
import { createAgent, tool } from "langchain";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startHarness } from "./harness.ts";
import type { Harness } from "./harness.ts";

let harness: Harness;
let scope: string;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(async () => {
  await harness.stop();
});
beforeEach(() => {
  scope = harness.newScope();
});

function spectronStore(changes: { scope?: string; fields?: string[] } = {}): SpectronStore {
  return new SpectronStore({
    spectron: harness.spectron,
    scope: changes.scope ?? scope,
    ...(changes.fields === undefined ? {} : { index: { fields: changes.fields } }),
  });
}

const keysOf = (items: readonly { key: string }[]): string[] => items.map((item) => item.key);

describe.each<[string, () => BaseStore]>([
  ["SpectronStore", () => spectronStore()],
  ["InMemoryStore, for comparison", () => new InMemoryStore() as BaseStore],
])("%s", (_, make) => {
  let store: BaseStore;
  beforeEach(() => {
    store = make();
  });

  test("an item comes back with its value, key, namespace and times", async () => {
    await store.put(["users", "alice"], "prefs", { theme: "dark", sizes: [1, { big: true }] });
    const item = await store.get(["users", "alice"], "prefs");
    expect(item).toMatchObject({
      namespace: ["users", "alice"],
      key: "prefs",
      value: { theme: "dark", sizes: [1, { big: true }] },
      createdAt: expect.any(Date),
      updatedAt: expect.any(Date),
    });
  });

  test("what is not there is null: another key, another namespace, a deleted item", async () => {
    await store.put(["a"], "k", { v: 1 });
    expect(await store.get(["a"], "other")).toBeNull();
    expect(await store.get(["a", "b"], "k")).toBeNull();
    expect(await store.get(["b"], "k")).toBeNull();
    await store.delete(["a"], "k");
    expect(await store.get(["a"], "k")).toBeNull();
    await store.delete(["a"], "never there");
  });

  test("a second put replaces the whole value and keeps the time of creation", async () => {
    await store.put(["a"], "k", { v: 1, old: true });
    const first = await store.get(["a"], "k");
    await store.put(["a"], "k", { v: 2 });
    const second = await store.get(["a"], "k");
    expect(second?.value).toEqual({ v: 2 });
    expect(second?.createdAt).toEqual(first?.createdAt);
    expect(second?.updatedAt.getTime()).toBeGreaterThanOrEqual(first?.updatedAt.getTime() ?? 0);
    expect(keysOf(await store.search(["a"]))).toEqual(["k"]);
  });

  test("a value that was there before may come back, also after a delete", async () => {
    for (const v of [1, 2, 1]) await store.put(["a"], "k", { v });
    expect((await store.get(["a"], "k"))?.value).toEqual({ v: 1 });
    await store.delete(["a"], "k");
    await store.put(["a"], "k", { v: 1 });
    expect((await store.get(["a"], "k"))?.value).toEqual({ v: 1 });
  });

  test("search finds items at and below a prefix, label by label", async () => {
    await store.put(["docs"], "one", { n: 1 });
    await store.put(["docs", "old"], "two", { n: 2 });
    await store.put(["docs2"], "three", { n: 3 });
    expect(keysOf(await store.search(["docs"])).toSorted()).toEqual(["one", "two"]);
    expect(keysOf(await store.search([])).toSorted()).toEqual(["one", "three", "two"]);
    expect(await store.search(["do"])).toEqual([]);
  });

  test("search filters by value and by comparison", async () => {
    await store.put(["d"], "a", { kind: "report", score: 3 });
    await store.put(["d"], "b", { kind: "report", score: 7 });
    await store.put(["d"], "c", { kind: "note", score: 5 });
    const find = async (filter: Record<string, unknown>): Promise<string[]> =>
      keysOf(await store.search(["d"], { filter })).toSorted();
    expect(await find({ kind: "report" })).toEqual(["a", "b"]);
    expect(await find({ kind: "report", score: 7 })).toEqual(["b"]);
    expect(await find({ kind: { $eq: "note" } })).toEqual(["c"]);
    expect(await find({ kind: { $ne: "note" } })).toEqual(["a", "b"]);
    expect(await find({ score: { $gt: 3 } })).toEqual(["b", "c"]);
    expect(await find({ score: { $gte: 3, $lt: 7 } })).toEqual(["a", "c"]);
    expect(await find({ score: { $lte: 3 } })).toEqual(["a"]);
    expect(await find({ kind: { $in: ["note", "memo"] } })).toEqual(["c"]);
    expect(await find({ kind: { $nin: ["note"] } })).toEqual(["a", "b"]);
    expect(await find({ missing: 1 })).toEqual([]);
  });

  test("search pages with limit and offset, ten at first", async () => {
    await store.batch(
      Array.from({ length: 12 }, (__, index) => ({
        namespace: ["d"],
        key: `k${String(index).padStart(2, "0")}`,
        value: { index },
      })),
    );
    expect(await store.search(["d"])).toHaveLength(10);
    expect(keysOf(await store.search(["d"], { limit: 3 }))).toEqual(["k00", "k01", "k02"]);
    expect(keysOf(await store.search(["d"], { limit: 3, offset: 2 }))).toEqual([
      "k02",
      "k03",
      "k04",
    ]);
    expect(keysOf(await store.search(["d"], { limit: 5, offset: 10 }))).toEqual(["k10", "k11"]);
  });

  test("an updated item keeps its place", async () => {
    for (const key of ["a", "b", "c"]) await store.put(["d"], key, { v: 1 });
    await store.put(["d"], "a", { v: 2 });
    expect(keysOf(await store.search(["d"]))).toEqual(["a", "b", "c"]);
  });

  test("a batch answers in order; reads see what was there before, of several puts the last counts", async () => {
    await store.put(["a"], "k", { v: 0 });
    const results = await store.batch([
      { namespace: ["a"], key: "k", value: { v: 1 } },
      { namespace: ["a"], key: "k" },
      { namespacePrefix: ["a"], limit: 10, offset: 0 },
      { namespace: ["a"], key: "k", value: { v: 2 } },
      { namespace: ["b"], key: "new", value: { v: 3 } },
      { namespace: ["b"], key: "new" },
    ] as never);
    const [put, item, found, again, created, missing] = results as unknown[];
    expect([put, again, created]).toEqual([null, null, null]);
    expect(item).toMatchObject({ key: "k" });
    expect(found).toHaveLength(1);
    expect(missing).toBeNull();
    expect((await store.get(["a"], "k"))?.value).toEqual({ v: 2 });
    expect((await store.get(["b"], "new"))?.value).toEqual({ v: 3 });
  });

  test("namespaces are listed in order, by prefix, suffix and wildcard, cut at a depth, in pages", async () => {
    for (const namespace of [
      ["a", "b", "c"],
      ["a", "b", "d", "e"],
      ["a", "b", "d", "i"],
      ["a", "b", "f"],
      ["a", "c", "f"],
      ["b", "a", "f"],
      ["users", "123"],
    ])
      await store.put(namespace, "k", { v: 1 });
    const join = (list: string[][]): string[] => list.map((namespace) => namespace.join("/"));
    expect(join(await store.listNamespaces({ prefix: ["a", "b"] }))).toEqual([
      "a/b/c",
      "a/b/d/e",
      "a/b/d/i",
      "a/b/f",
    ]);
    expect(join(await store.listNamespaces({ suffix: ["f"] }))).toEqual([
      "a/b/f",
      "a/c/f",
      "b/a/f",
    ]);
    expect(join(await store.listNamespaces({ prefix: ["a"], suffix: ["f"] }))).toEqual([
      "a/b/f",
      "a/c/f",
    ]);
    expect(join(await store.listNamespaces({ prefix: ["a", "*", "f"] }))).toEqual([
      "a/b/f",
      "a/c/f",
    ]);
    expect(join(await store.listNamespaces({ maxDepth: 2 }))).toEqual([
      "a/b",
      "a/c",
      "b/a",
      "users/123",
    ]);
    expect(join(await store.listNamespaces({ limit: 2, offset: 1 }))).toEqual([
      "a/b/d/e",
      "a/b/d/i",
    ]);
  });

  test("namespaces that no store takes are refused", async () => {
    const refused = { name: "InvalidNamespaceError" };
    await expect(store.put([], "k", { v: 1 })).rejects.toMatchObject(refused);
    await expect(store.put(["a", ""], "k", { v: 1 })).rejects.toMatchObject(refused);
    await expect(store.put(["a.b"], "k", { v: 1 })).rejects.toMatchObject(refused);
    await expect(store.put(["langgraph"], "k", { v: 1 })).rejects.toMatchObject(refused);
  });
});

describe("over the memory service", () => {
  test("items outlive the store object, and other roots do not see them", async () => {
    await spectronStore().put(["a"], "k", { v: 1 });
    expect((await spectronStore().get(["a"], "k"))?.value).toEqual({ v: 1 });
    const elsewhere = spectronStore({ scope: harness.newScope() });
    expect(await elsewhere.get(["a"], "k")).toBeNull();
    expect(await elsewhere.search([])).toEqual([]);
    expect(await elsewhere.listNamespaces()).toEqual([]);
  });

  test("a query ranks by words, with scores; what it does not reach comes after", async () => {
    const store = spectronStore();
    await store.put(["m"], "food", { text: "Alice loves espresso in the morning" });
    await store.put(["m"], "home", { text: "Alice lives in Braga" });
    await store.put(["m", "work"], "job", { text: "Alice repairs boilers at Nimbus" });
    const found = await store.search(["m"], { query: "Who repairs boilers?" });
    expect(found[0]).toMatchObject({ key: "job", score: expect.any(Number) });
    expect(keysOf(found).toSorted()).toEqual(["food", "home", "job"]);
    expect(found.filter((item) => item.score !== undefined).length).toBeLessThan(4);
    expect(keysOf(await store.search(["m"], { query: "boilers", limit: 1 }))).toEqual(["job"]);
    const onlyHome = { query: "boilers", filter: { text: "Alice lives in Braga" } };
    expect(keysOf(await store.search(["m"], onlyHome))).toEqual(["home"]);
  });

  test("only what is indexed is found by a query, and a new version is found by its new words", async () => {
    const store = spectronStore({ fields: ["title", "chapters[*].name"] });
    const scored = async (query: string): Promise<string[]> =>
      keysOf((await store.search(["d"], { query })).filter((item) => item.score !== undefined));
    await store.put(["d"], "book", {
      title: "Gardens",
      secret: "zebra",
      chapters: [{ name: "Roses" }, { name: "Tulips" }],
    });
    await store.put(["d"], "hidden", { title: "giraffe" }, false);
    await store.put(["d"], "other", { title: "x", body: "penguin" }, ["body"]);
    expect(await scored("tulips")).toContain("book");
    expect(await scored("zebra")).not.toContain("book");
    expect(await scored("giraffe")).not.toContain("hidden");
    expect((await store.get(["d"], "hidden"))?.value).toEqual({ title: "giraffe" });
    expect((await scored("penguin"))[0]).toBe("other");
    await store.put(["d"], "book", { title: "Whales" });
    expect(await scored("whales")).toContain("book");
    await store.delete(["d"], "book");
    expect(keysOf(await store.search(["d"], { query: "whales" }))).not.toContain("book");
  });

  test("labels and keys of any kind are kept apart", async () => {
    const store = spectronStore();
    const labels = ["a/b", "a%2Fb", "*", "ü", "u\u0308", "a b", "=", "k=v"];
    for (const label of labels) await store.put([label], "k", { label });
    for (const label of labels) expect((await store.get([label], "k"))?.value).toEqual({ label });
    const listed = (await store.listNamespaces()).map(([label]) => label);
    expect(new Set(listed)).toEqual(new Set(labels));
    expect(listed).toHaveLength(labels.length);
    const keys = ["", "a/b", "x".repeat(500), "#1", "ключ"];
    for (const key of keys) await store.put(["keys"], key, { key });
    for (const key of keys)
      expect(await store.get(["keys"], key)).toMatchObject({ key, value: { key } });
  });

  test("one put of many items is one write, and a repeat with a lost answer stores nothing twice", async () => {
    let lost = 0;
    const spectron = harness.through(
      async (request) => {
        if (!request.url.endsWith("/facts/batch") || lost > 0) return undefined;
        lost += 1;
        await harness.service.service.fetch(request);
        throw new TypeError("the answer got lost");
      },
      { random: () => 0 },
    );
    const store = new SpectronStore({ spectron, scope });
    await store.batch(
      ["a", "b", "c"].map((key) => ({ namespace: ["d"], key, value: { text: key } })),
    );
    expect(lost).toBe(1);
    expect(keysOf(await store.search(["d"]))).toEqual(["a", "b", "c"]);
    expect(await harness.stored(`${scope}/d`)).toEqual([
      "assistant: a",
      "assistant: b",
      "assistant: c",
    ]);
  });

  test("a store answers or throws", async () => {
    const spectron = harness.through(() => new Response("{}", { status: 500 }), { retries: 0 });
    const store = new SpectronStore({ spectron, scope });
    await expect(store.get(["a"], "k")).rejects.toMatchObject({ code: "server" });
    await expect(store.put(["a"], "k", { v: 1 })).rejects.toMatchObject({ code: "server" });
  });

  test("a service that cannot keep a store is named", async () => {
    const spectron = harness.through((request) =>
      request.url.endsWith("/health")
        ? Response.json({ status: "ok", capabilities: ["client-message-id"] })
        : undefined,
    );
    await expect(new SpectronStore({ spectron, scope }).get(["a"], "k")).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("message-revisions"),
    });
  });

  test("an agent's tools reach it through the runtime", async () => {
    const store = spectronStore();
    const note = tool(
      async ({ text }: { text: string }, runtime) => {
        const notes = (runtime as unknown as { store: BaseStore }).store;
        await notes.put(["notes"], "n1", { text });
        return `${(await notes.search(["notes"], { query: "espresso" })).length} notes`;
      },
      {
        name: "note",
        description: "note",
        schema: { type: "object", properties: { text: { type: "string" } } },
      },
    );
    const agent = createAgent({
      model: fakeModel()
        .respond(
          new AIMessage({
            content: "",
            id: "a1",
            tool_calls: [{ id: "c1", name: "note", args: { text: "Alice loves espresso" } }],
          }),
        )
        .respond(new AIMessage("Noted.")),
      tools: [note as never],
      store: store as never,
    });
    const state = await agent.invoke({ messages: [{ role: "user", content: "go" }] });
    expect(JSON.stringify(state)).toContain("1 notes");
    expect((await store.get(["notes"], "n1"))?.value).toEqual({ text: "Alice loves espresso" });
  });
});
