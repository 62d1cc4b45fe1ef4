import { expect, test } from "vitest";
import { answerDrafts, toDrafts } from "./messages.ts";
import type { PromptMessage, PromptPart } from "./prompt.ts";

const base64 = "QUJD".repeat(200);
const said = (messages: unknown[], tools: string[] = ["weather"]): string[] =>
  toDrafts(messages as PromptMessage[], tools).map(({ role, text }) => `${role}: ${text}`);
const user = (...content: object[]): object => ({ role: "user", content });
const assistant = (...content: object[]): object => ({ role: "assistant", content });
const result = (output: unknown, toolName = "weather"): object => ({
  role: "tool",
  content: [{ type: "tool-result", toolCallId: "c1", toolName, output }],
});

test.each<[string, object, string[]]>([
  ["system text is dropped", { role: "system", content: "Be brief." }, []],
  [
    "user text parts are joined by a newline",
    user({ type: "text", text: "a" }, { type: "text", text: "b" }),
    ["user: a\nb"],
  ],
  [
    "a user file is named",
    user({ type: "file", filename: "cv.pdf", mediaType: "application/pdf", data: base64 }),
    ["user: [file: cv.pdf]"],
  ],
  [
    "a user image without a name is its media type",
    user({ type: "file", mediaType: "image/png", data: { type: "data", data: base64 } }),
    ["user: [file: image/png]"],
  ],
  ["assistant text is kept", assistant({ type: "text", text: "a" }), ["assistant: a"]],
  [
    "reasoning, reasoning files, custom parts and sources are dropped",
    assistant(
      { type: "reasoning", text: "hm" },
      { type: "reasoning-file", data: base64 },
      { type: "custom", kind: "x" },
      { type: "source", url: "https://example.com" },
    ),
    [],
  ],
  [
    "a generated file is its media type",
    assistant({ type: "file", mediaType: "image/png", data: base64 }),
    ["assistant: [generated image/png]"],
  ],
  [
    "a tool call is its name and arguments",
    assistant({
      type: "tool-call",
      toolName: "weather",
      toolCallId: "c1",
      input: { city: "Braga" },
    }),
    ['assistant: called weather({"city":"Braga"})'],
  ],
  [
    "base64 in arguments is never text",
    assistant({ type: "tool-call", toolName: "draw", toolCallId: "c1", input: { base64 } }),
    ['assistant: called draw({"base64":"[binary]"})'],
  ],
  ["a text result is its value", result({ type: "text", value: "sunny" }), ["tool: sunny"]],
  ["a json result is its text", result({ type: "json", value: { a: 1 } }), ['tool: {"a":1}']],
  [
    "a content result is its text parts",
    result({
      type: "content",
      value: [
        { type: "text", text: "a" },
        { type: "media", data: base64, mediaType: "image/png" },
        { type: "file-data", data: base64 },
        { type: "text", text: "b" },
      ],
    }),
    ["tool: a\nb"],
  ],
  ["a failed result is dropped", result({ type: "error-text", value: "no" }), []],
  ["a failed json result is dropped", result({ type: "error-json", value: {} }), []],
  ["a denial is dropped", result({ type: "execution-denied", reason: "no" }), []],
  [
    "a result of a tool that is not listed is dropped",
    result({ type: "text", value: "x" }, "other"),
    [],
  ],
  [
    "approvals are dropped",
    {
      role: "tool",
      content: [{ type: "tool-approval-response", approvalId: "a", approved: true }],
    },
    [],
  ],
])("%s", (_, message, expected) => {
  expect(said([message])).toEqual(expected);
});

const answer = (content: PromptPart[], finishReason: unknown): string[] | undefined =>
  answerDrafts({ content, finishReason }, ["search"])?.map(({ role, text }) => `${role}: ${text}`);
const text = { type: "text", text: "Hello." };

test.each([
  ["error", undefined],
  ["content-filter", undefined],
  ["length", ["assistant: Hello.\n[incomplete: length]"]],
  ["interrupted", ["assistant: Hello.\n[incomplete: interrupted]"]],
  ["stop", ["assistant: Hello."]],
  ["tool-calls", ["assistant: Hello."]],
  ["other", ["assistant: Hello."]],
  ["unknown", ["assistant: Hello."]],
])("finish reason %s, as ai 5 and as later versions give it", (reason, expected) => {
  expect(answer([text], reason)).toEqual(expected);
  expect(answer([text], { unified: reason, raw: undefined })).toEqual(expected);
});

test("arguments in an answer are JSON text and read as in a prompt", () => {
  const call = { type: "tool-call", toolName: "weather", toolCallId: "c1" };
  expect(answer([{ ...call, input: '{ "city": "Braga" }' }], "tool-calls")).toEqual([
    'assistant: called weather({"city":"Braga"})',
  ]);
  expect(answer([{ ...call, input: "not json" }], "tool-calls")).toEqual([
    "assistant: called weather(not json)",
  ]);
});

test("a provider-executed result inside the answer is a tool's, if listed, final and no failure", () => {
  const part = { type: "tool-result", toolName: "search", toolCallId: "s1", result: { hits: 3 } };
  expect(answer([part, text], "stop")).toEqual(["assistant: Hello.", 'tool: {"hits":3}']);
  expect(answer([{ ...part, preliminary: true }, text], "stop")).toEqual(["assistant: Hello."]);
  expect(answer([{ ...part, isError: true }, text], "stop")).toEqual(["assistant: Hello."]);
  expect(answer([{ ...part, toolName: "other" }, text], "stop")).toEqual(["assistant: Hello."]);
});
