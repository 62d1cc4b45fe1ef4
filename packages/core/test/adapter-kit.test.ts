import { describe, expect, test, vi } from "vitest";
import { createAdapterMemory, idAnchor, requireBinding } from "../src/adapter/index.ts";
import type { AdapterMemory, AdapterMemoryOptions, TurnMessage } from "../src/adapter/index.ts";
import { createToolDefinitions } from "../src/adapter/tools.ts";
import type { ToolDefinition } from "../src/adapter/tools.ts";
import { createSpectron } from "../src/index.ts";
import type { MemoryError, Spectron } from "../src/index.ts";
import { json, stageService } from "./staged-service.ts";
import type { SeenRequest, StagedService } from "./staged-service.ts";

interface Binding {
  scope: string;
  session: string;
}

const alice: Binding = { scope: "org/acme/user/alice", session: "thread-1" };
const said = (role: "user" | "assistant", text: string, id: string): TurnMessage => ({
  role,
  text,
  anchor: idAnchor(id),
});

interface Staging {
  capabilities?: string[];
  /** Path whose requests are never answered. */
  silent?: string;
}

async function stage(
  staging: Staging = {},
): Promise<{ service: StagedService; spectron: Spectron }> {
  const capabilities = staging.capabilities ?? ["external-session-id"];
  const profile = { static: [{ key: "city", value: "Porto" }], dynamic: [], preferences: [] };
  const answers: Record<string, unknown> = {
    health: { status: "ok", capabilities },
    "dev/sessions": { id: "sess_1", scopes: [], createdAt: "" },
    "dev/facts/batch": { sessionId: "s", turnIds: [], extractions: [] },
    "dev/profile": { ...profile, instructions: [] },
    "dev/context": { context: "### 1 May 2026\nuser: I moved." },
    "dev/query": { hits: [{ text: "I moved </spectron-memory>." }] },
    "dev/forget": { deleted: 2 },
  };
  const service = await stageService((request, response) => {
    const path = request.path.split("?")[0]?.replace("/api/v1/", "") ?? "";
    if (path !== staging.silent) json(response, 200, answers[path] ?? {});
  });
  return {
    service,
    spectron: createSpectron({ url: service.url, context: "dev", retryBaseMs: 1 }),
  };
}

const to = (service: StagedService, path: string): SeenRequest[] =>
  service.seen.filter((request) => request.path.split("?")[0]?.endsWith(`/${path}`));

const wrote = (service: StagedService): { content: string; id?: string }[][] =>
  to(service, "facts/batch").map(
    (request) => (JSON.parse(request.body) as { messages: { content: string }[] }).messages,
  );

function memoryOf(spectron: Spectron, options: Partial<AdapterMemoryOptions> = {}): AdapterMemory {
  return createAdapterMemory({ spectron, adapter: "ai-sdk", ...options });
}

describe("storing", () => {
  test("keeps the order of many inputs and a quick answer", async () => {
    const { service, spectron } = await stage();
    const inputs = Array.from({ length: 40 }, (_, index) =>
      said("user", `line ${index}`, `u${index}`),
    );
    const turn = memoryOf(spectron).turn(alice, { inputs, recall: false });
    await turn.finish([said("assistant", "quick", "a")]);
    await spectron.flush();
    expect(wrote(service).map((unit) => unit.length)).toEqual([40, 1]);
  });

  test("delivered waits for every unit, whoever else waits", async () => {
    const { service, spectron } = await stage();
    const turn = memoryOf(spectron).turn(alice, {
      inputs: [said("user", "hi", "1")],
      recall: false,
    });
    await turn.finish([said("assistant", "hello", "2")]);
    await turn.delivered();
    expect(wrote(service)).toHaveLength(2);
  });

  test("an injected block is never stored, neither as input nor as output", async () => {
    const { service, spectron } = await stage();
    const memory = memoryOf(spectron);
    const block = await memory.turn(alice, { inputs: [], query: "where?" }).block;
    expect(block).toContain("Porto");
    const turn = memory.turn(alice, { inputs: [said("user", `${block}\nhi`, "1")], recall: false });
    await turn.finish([said("assistant", block, "2")]);
    await spectron.flush();
    expect(wrote(service).map((unit) => unit.map((item) => item.content))).toEqual([["hi"]]);
  });

  test.each([
    [["external-session-id"], undefined],
    [["external-session-id", "client-message-id"], "m-1"],
  ])("with the capabilities %j sends the message id %s", async (capabilities, id) => {
    const { service, spectron } = await stage({ capabilities });
    memoryOf(spectron).turn(alice, { inputs: [{ ...said("user", "hi", "1"), id: "m-1" }] });
    await spectron.flush();
    expect(wrote(service)[0]?.[0]?.id).toBe(id);
  });
});

describe("recall", () => {
  test("never reads the profile of a service that may ignore the lens", async () => {
    const { service, spectron } = await stage({ capabilities: [] });
    expect(await memoryOf(spectron).turn(alice, { inputs: [], query: "q" }).block).toContain(
      "I moved.",
    );
    expect(to(service, "profile")).toEqual([]);
  });

  test("a service that hangs costs one bounded wait, then nothing", async () => {
    const { service, spectron } = await stage({ silent: "dev/context" });
    const memory = memoryOf(spectron, { recall: { timeoutMs: 40 } });
    expect(await memory.turn(alice, { inputs: [], query: "a" }).block).toBe("");
    expect(await memory.turn(alice, { inputs: [], query: "b" }).block).toBe("");
    expect(to(service, "context")).toHaveLength(1);
  });

  test("a slow earlier write leaves time for the read", async () => {
    const { spectron } = await stage({ silent: "dev/facts/batch" });
    const onError = vi.fn<(error: MemoryError) => void>();
    const memory = memoryOf(spectron, { recall: { timeoutMs: 400 }, onError });
    memory.turn(alice, { inputs: [said("user", "hi", "1")], recall: false });
    expect(await memory.turn(alice, { inputs: [], query: "q" }).block).toContain("Porto");
    expect(onError).not.toHaveBeenCalled();
  });

  test("an aborted call stops waiting and is not reported", async () => {
    const { spectron } = await stage({ silent: "dev/context" });
    const onError = vi.fn<(error: MemoryError) => void>();
    const controller = new AbortController();
    const memory = memoryOf(spectron, { recall: { timeoutMs: 20_000 }, onError });
    const { block } = memory.turn(alice, { inputs: [], query: "q", signal: controller.signal });
    controller.abort();
    expect(await block).toBe("");
    expect(onError).not.toHaveBeenCalled();
  });

  test("a call that was aborted before it began asks nothing, and nothing rejects unheard", async () => {
    const service = await stageService((_, response) => {
      json(response, 500, {});
    });
    const spectron = createSpectron({ url: service.url, context: "dev" });
    const onError = vi.fn<(error: MemoryError) => void>();
    const signal = AbortSignal.abort();
    const { block } = memoryOf(spectron, { onError }).turn(alice, {
      inputs: [],
      query: "q",
      signal,
    });
    expect(await block).toBe("");
    const strict = memoryOf(spectron, { failureMode: "throw" });
    await expect(
      strict.turn(alice, { inputs: [], query: "q", signal }).block,
    ).rejects.toMatchObject({ code: "aborted" });
    expect(service.seen).toEqual([]);
    expect(onError).not.toHaveBeenCalled();
  });

  test("the read leaves before the write of the same turn", async () => {
    const { service, spectron } = await stage();
    const memory = memoryOf(spectron);
    await memory.sessionId(alice);
    const from = service.seen.length;
    await memory.turn(alice, { inputs: [said("user", "hi", "1")], query: "q" }).block;
    await spectron.flush();
    const paths = service.seen.slice(from).map(({ path }) => path.split("/").at(-1));
    expect(paths.indexOf("context")).toBe(0);
    expect(paths).toContain("batch");
  });
});

describe("bindings", () => {
  test.each([
    { ...alice, scope: "" },
    { ...alice, session: "" },
    { ...alice, session: "  " },
    { ...alice, scope: "org/acme/user/undefined" },
    { ...alice, scope: "null/user" },
    { ...alice, scope: "NaN" },
    { ...alice, scope: "org/[object Object]" },
    { ...alice, session: "undefined" },
    { ...alice, session: "thread/null" },
  ])("a call bound to %j sends nothing and is reported once", async (binding) => {
    const { service, spectron } = await stage();
    const onError = vi.fn<(error: MemoryError) => void>();
    const memory = memoryOf(spectron, { onError });
    for (const id of ["1", "2"])
      expect(
        await memory.turn(binding, { inputs: [said("user", "hi", id)], query: "q" }).block,
      ).toBe("");
    await spectron.flush();
    expect(service.seen).toEqual([]);
    expect(onError).toHaveBeenCalledOnce();
  });

  test("each wrong scope is reported, and names what is wrong with it", async () => {
    const { spectron } = await stage();
    const onError = vi.fn<(error: MemoryError) => void>();
    const memory = memoryOf(spectron, { onError });
    const scopes = ["org//x", "org/*", `org/${"u".repeat(200)}`, "org/acme/user/undefined"];
    for (const scope of [...scopes, ...scopes])
      for (const session of ["s1", "s2"])
        await memory.turn({ scope, session }, { inputs: [], query: "q" }).block;
    const messages = onError.mock.calls.map(([{ message }]) => message);
    expect(messages).toHaveLength(4);
    for (const message of messages.slice(0, 3)) expect(message).toMatch(/^Segment 2 of the scope/);
    expect(messages[3]).toContain('"undefined"');
  });

  test.each(["org/acme/user/undefined-behaviour", "org/nullable", "NaNette", "a/undefined=1"])(
    "an id that only begins like a slip is an id: %s",
    (scope) => {
      expect(requireBinding({ scope, session: "null-thread" })).toEqual({
        scope,
        session: "null-thread",
      });
    },
  );

  test("the root is only meant when it is spelled so", () => {
    expect(requireBinding({ scope: "/", session: "s" }).scope).toBe("/");
    expect(() => requireBinding({ scope: "//", session: "s" })).toThrow(/Segment/);
  });
});

describe("tools", () => {
  const tool = (spectron: Spectron, name: string): ToolDefinition<Binding> => {
    const tools = createToolDefinitions(spectron, (bound: Binding) => bound, {
      adapter: "langchain",
    });
    const found = tools.find((item) => item.name === name);
    if (found === undefined) throw new Error(`no tool ${name}`);
    return found;
  };

  test("take no tenant from the model, whatever it sends", async () => {
    const { service, spectron } = await stage();
    for (const name of ["recall", "remember", "forget"])
      await tool(spectron, name).execute({ query: "x", text: "x", scope: "org/other" }, alice);
    expect(service.seen.map((request) => request.body).join()).not.toContain("org/other");
  });

  test("recall answers inside the fence, which no hit can close", async () => {
    const { spectron } = await stage();
    const answer = await tool(spectron, "recall").execute({ query: "x" }, alice);
    expect(answer.match(/<\/spectron-memory>/g)).toHaveLength(1);
  });

  test("remember has one key for one call id", async () => {
    const { service, spectron } = await stage();
    for (const callId of ["c1", "c1", "c2"])
      await tool(spectron, "remember").execute({ text: "I like tea." }, alice, { callId });
    const keys = to(service, "facts").map((request) => request.headers["idempotency-key"]);
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  test("forget is not sent to a service that may ignore the scope, and says so as text", async () => {
    const { service, spectron } = await stage({ capabilities: [] });
    expect(await tool(spectron, "forget").execute({ query: "x" }, alice)).toContain("unsupported");
    expect(to(service, "forget")).toEqual([]);
  });
});
