import { aiSdkExtractor } from "@spectron/ai-sdk/extractor";
import type { ExtractionModel } from "@spectron/ai-sdk/extractor";
import type { ExtractionRequest } from "@spectron/core/protocol";
import { startTestService } from "@spectron/testing";
import {
  HOSTILE_ANSWERS,
  HOSTILE_INPUT,
  RECORDED_EXTRACTIONS,
  recordedAnswer,
} from "@spectron/testing/extraction";
import { MockLanguageModelV3, MockLanguageModelV4 } from "ai/test";
import { describe, expect, test } from "vitest";

type Answer = (request: ExtractionRequest) => string | Promise<string>;
type Options = Parameters<ExtractionModel["doGenerate"]>[0];

const USAGE = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

function requestOf({ prompt, responseFormat }: Options): ExtractionRequest {
  const [system, user] = prompt;
  if (system?.role !== "system" || user?.role !== "user") throw new Error("unexpected prompt");
  return {
    system: system.content,
    prompt: user.content.map((part) => part.text).join(""),
    schema: responseFormat.schema as Record<string, unknown>,
  };
}

function generate(answer: Answer) {
  return async (options: object) => ({
    content: [
      { type: "reasoning" as const, text: "{" },
      { type: "text" as const, text: await answer(requestOf(options as Options)) },
    ],
    finishReason: { unified: "stop" as const, raw: "stop" },
    usage: USAGE,
    warnings: [],
  });
}

const MODELS = {
  V3: (answer: Answer) => new MockLanguageModelV3({ doGenerate: generate(answer) }),
  V4: (answer: Answer) => new MockLanguageModelV4({ doGenerate: generate(answer) }),
};

describe.each(["V3", "V4"] as const)("aiSdkExtractor over a %s model", (version) => {
  const extractor = (answer: Answer) => aiSdkExtractor({ model: MODELS[version](answer) });

  test.each(RECORDED_EXTRACTIONS)(
    "reads the recorded answer $sha256",
    async ({ input, answer }) => {
      const read = await extractor(recordedAnswer).extract(input);
      expect(read.facts.map(({ value }) => value)).toEqual(
        (JSON.parse(answer) as { facts: { value: string }[] }).facts.map(({ value }) => value),
      );
    },
  );

  test("a request that was never recorded fails loudly", async () => {
    await expect(extractor(recordedAnswer).extract(HOSTILE_INPUT)).rejects.toThrow(
      /Record it again/,
    );
  });

  test.each(HOSTILE_ANSWERS.filter(({ keeps }) => keeps !== null))(
    "checks the shape itself for $name",
    async ({ raw }) => {
      const read = await extractor(() => asText(raw)).extract(HOSTILE_INPUT);
      expect(read.facts.every(({ turnIds, quote }) => turnIds.length > 0 && quote !== "")).toBe(
        true,
      );
    },
  );

  test.each(HOSTILE_ANSWERS.filter(({ keeps }) => keeps === null))(
    "fails on $name",
    async ({ raw }) => {
      await expect(extractor(() => asText(raw)).extract(HOSTILE_INPUT)).rejects.toThrow(
        /no readable extraction/,
      );
    },
  );
});

function asText(raw: unknown): string {
  return typeof raw === "string" ? raw : (JSON.stringify(raw) ?? "");
}

test("hands the abort signal to the model", async () => {
  const model = MODELS.V3(() => "{}");
  const { signal } = new AbortController();
  await expect(aiSdkExtractor({ model }).extract(HOSTILE_INPUT, { signal })).rejects.toThrow();
  expect(model.doGenerateCalls[0]?.abortSignal).toBe(signal);
});

test("refuses a text id", () => {
  expect(() => aiSdkExtractor({ model: "openai/gpt-5" as never })).toThrow(TypeError);
});

test("a model's facts and instructions are stored with their words, and only those", async () => {
  const [recorded] = RECORDED_EXTRACTIONS;
  if (recorded === undefined) throw new Error("nothing recorded");
  const service = await startTestService({
    now: () => recorded.input.now,
    extractor: aiSdkExtractor({ model: MODELS.V3(recordedAnswer) }),
  });
  const messages = recorded.input.messages.map(({ role, content, ts }) => ({
    role,
    content,
    ts: new Date(ts).toISOString(),
  }));
  const stored = await service.call("POST", "/api/v1/dev/facts/batch", { messages });
  expect(stored.status).toBe(200);
  const state = await (await service.call("GET", "/api/v1/dev/state")).json();
  expect(JSON.stringify(state)).toContain("Brotzeit");
  expect(state).toMatchObject({
    instructions: [{ label: "answer-language", description: "Answer in Danish" }],
  });
  await service.stop();
});

test("a model that fails leaves the turn and what the rules find in it", async () => {
  const failing = MODELS.V3(() => {
    throw new Error("overloaded");
  });
  const service = await startTestService({ extractor: aiSdkExtractor({ model: failing }) });
  const stored = await service.call("POST", "/api/v1/dev/facts/batch", {
    messages: [{ role: "user", content: "I live in Rome." }],
  });
  expect(stored.status).toBe(200);
  expect(await service.stored()).toHaveLength(0);
  const state = await (await service.call("GET", "/api/v1/dev/state")).json();
  expect(JSON.stringify(state)).toContain("Rome");
  await service.stop();
});
