import { Document } from "@langchain/core/documents";
import { RunnableLambda } from "@langchain/core/runnables";
import { SpectronRetriever } from "@spectron/langchain/retriever";
import type { SpectronRetrieverOptions } from "@spectron/langchain/retriever";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { collectErrors, startHarness } from "./harness.ts";
import type { Harness } from "./harness.ts";

let harness: Harness;
let scope: string;
let sessionId: string;
beforeAll(async () => {
  harness = await startHarness();
  scope = harness.newScope();
  const answer = await harness.spectron.facts.batch({
    scopes: [[scope]],
    messages: [
      { role: "user", content: "I live in Braga.", ts: "2026-03-01T10:00:00Z" },
      { role: "user", content: "My boiler was repaired by Mr Lund.", ts: "2026-03-02T10:00:00Z" },
    ],
  });
  ({ sessionId } = answer);
});
afterAll(async () => {
  await harness.stop();
});

function retriever(options: Partial<SpectronRetrieverOptions> = {}): SpectronRetriever {
  return new SpectronRetriever({
    spectron: harness.spectron,
    scope,
    timeoutMs: 20_000,
    ...options,
  });
}

test("documents say how well they fit and where they come from", async () => {
  const documents = await retriever({ include: ["passages"] }).invoke("Who repaired the boiler?");
  const [best] = documents;
  expect(best).toBeInstanceOf(Document);
  expect(best?.pageContent).toContain("Mr Lund");
  expect(best?.id).toBe(best?.metadata.id);
  expect(best?.metadata).toMatchObject({
    score: expect.any(Number),
    source: "turn",
    session: sessionId,
    turn: expect.stringMatching(/^turn_/),
    role: "user",
    occurredAt: "2026-03-02T10:00:00.000Z",
  });
});

test("facts say how much they are trusted", async () => {
  const documents = await retriever({ include: ["facts"] }).invoke("Where do I live?");
  expect(documents[0]?.pageContent).toContain("Braga");
  expect(documents[0]?.metadata).toMatchObject({
    trust: expect.any(Number),
    session: sessionId,
    quote: expect.stringContaining("Braga"),
  });
});

test("k bounds the documents", async () => {
  expect(await retriever({ k: 1 }).invoke("boiler Braga")).toHaveLength(1);
});

test("another user's retriever finds nothing", async () => {
  expect(await retriever({ scope: harness.newScope() }).invoke("boiler")).toEqual([]);
});

test("one retriever serves many users: the scope is read from the config of the call", async () => {
  const shared = retriever({
    scope: (runtime) => runtime.configurable?.["user"] as string | undefined,
  });
  const chain = RunnableLambda.from((input: { question: string }) => input.question).pipe(shared);
  const ask = async (user: string): Promise<number> =>
    (await chain.invoke({ question: "boiler" }, { configurable: { user } })).length;
  const [own, other] = await Promise.all([ask(scope), ask(harness.newScope())]);
  expect(own).toBeGreaterThan(0);
  expect(other).toBe(0);
});

test("callbacks of the call see the documents", async () => {
  const handleRetrieverEnd = vi.fn();
  await retriever().invoke("boiler", {
    callbacks: [{ awaitHandlers: true, handleRetrieverEnd } as never],
  });
  await vi.waitFor(() => expect(handleRetrieverEnd).toHaveBeenCalledOnce());
});

test("with the service down there are no documents in bounded time, unless asked to fail", async () => {
  const { errors, onError } = collectErrors();
  let asked = 0;
  const spectron = harness.through(async () => {
    asked += 1;
    return new Promise<Response>(() => undefined);
  });
  const options = { spectron, timeoutMs: 10, onError };
  expect(await retriever(options).invoke("boiler")).toEqual([]);
  expect(errors.map((error) => error.code)).toEqual(["timeout"]);
  await expect(
    retriever({ ...options, failureMode: "throw" }).invoke("boiler"),
  ).rejects.toMatchObject({ code: "connection" });
  // what hung a moment ago is not asked again
  expect(asked).toBe(1);
});

test("without a scope there are no documents, and the reason is told", async () => {
  const { errors, onError } = collectErrors();
  expect(await retriever({ scope: () => undefined, onError }).invoke("boiler")).toEqual([]);
  expect(errors.map((error) => error.code)).toEqual(["configuration"]);
});
