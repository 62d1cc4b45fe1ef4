import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessageChunk } from "@langchain/core/messages";
import type { BaseMessage } from "@langchain/core/messages";
import { fakeModel } from "@langchain/core/testing";
import { extractionRequest } from "@spectron/core/protocol";
import { langchainExtractor } from "@spectron/langchain/extractor";
import type { LangchainExtractorOptions } from "@spectron/langchain/extractor";
import { startTestService } from "@spectron/testing";
import {
  HOSTILE_ANSWERS,
  HOSTILE_INPUT,
  RECORDED_EXTRACTIONS,
  recordedAnswer,
} from "@spectron/testing/extraction";
import { expect, test } from "vitest";

const { schema } = extractionRequest(HOSTILE_INPUT);

/** The framework's fake behind the framework's own structured output, which calls a tool and parses its arguments. */
function structured(
  answer: (messages: BaseMessage[]) => AIMessageChunk,
): LangchainExtractorOptions["model"] {
  const model = fakeModel().respond(answer);
  return {
    withStructuredOutput: BaseChatModel.prototype.withStructuredOutput.bind(
      model,
    ) as BaseChatModel["withStructuredOutput"],
  };
}

function recorded(messages: BaseMessage[]): AIMessageChunk {
  const [system, user] = messages;
  const answer = recordedAnswer({ system: system?.text ?? "", prompt: user?.text ?? "", schema });
  return calling(JSON.parse(answer));
}

function calling(args: unknown): AIMessageChunk {
  return new AIMessageChunk({
    content: "",
    tool_calls: [
      { name: "extraction", args: args as Record<string, unknown>, id: "c1", type: "tool_call" },
    ],
  });
}

test.each(RECORDED_EXTRACTIONS)("reads the recorded answer $sha256", async ({ input, answer }) => {
  const read = await langchainExtractor({ model: structured(recorded) }).extract(input);
  expect(read.facts.map(({ value }) => value)).toEqual(
    (JSON.parse(answer) as { facts: { value: string }[] }).facts.map(({ value }) => value),
  );
});

test("a request that was never recorded fails loudly", async () => {
  const extractor = langchainExtractor({ model: structured(recorded) });
  await expect(extractor.extract(HOSTILE_INPUT)).rejects.toThrow(/Record it again/);
});

/** This fake hands the value out as it is, the way a model's own structured output may. */
function handing(raw: unknown): LangchainExtractorOptions["model"] {
  return fakeModel().structuredResponse(raw as Record<string, unknown>);
}

test.each(HOSTILE_ANSWERS.filter(({ keeps }) => keeps !== null))(
  "checks the shape itself for $name",
  async ({ raw }) => {
    const read = await langchainExtractor({ model: handing(raw) }).extract(HOSTILE_INPUT);
    expect(read.facts.every(({ turnIds, quote }) => turnIds.length > 0 && quote !== "")).toBe(true);
  },
);

test.each(HOSTILE_ANSWERS.filter(({ keeps }) => keeps === null))(
  "fails on $name",
  async ({ raw }) => {
    await expect(
      langchainExtractor({ model: handing(raw) }).extract(HOSTILE_INPUT),
    ).rejects.toThrow(/no readable extraction/);
  },
);

test("reads the text of a model that calls no tool", async () => {
  const [first] = RECORDED_EXTRACTIONS;
  const model = structured(() => new AIMessageChunk(`Here you are: ${first?.answer ?? ""}`));
  const read = await langchainExtractor({ model }).extract(HOSTILE_INPUT);
  expect(read.facts).toHaveLength(2);
});

test("a model's facts are stored with their words through the service", async () => {
  const [first] = RECORDED_EXTRACTIONS;
  if (first === undefined) throw new Error("nothing recorded");
  const service = await startTestService({
    now: () => first.input.now,
    extractor: langchainExtractor({ model: structured(recorded) }),
  });
  const messages = first.input.messages.map(({ role, content, ts }) => ({
    role,
    content,
    ts: new Date(ts).toISOString(),
  }));
  const stored = await service.call("POST", "/api/v1/dev/facts/batch", { messages });
  expect(stored.status).toBe(200);
  const state = await (await service.call("GET", "/api/v1/dev/state")).json();
  expect(JSON.stringify(state)).toContain("Brotzeit");
  await service.stop();
});
