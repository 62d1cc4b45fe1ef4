import {
  AIMessage,
  ChatMessage,
  FunctionMessage,
  HumanMessage,
  RemoveMessage,
  SystemMessage,
  ToolMessage,
} from "@langchain/core/messages";
import type { BaseMessage } from "@langchain/core/messages";
import { describe, expect, test } from "vitest";
import { lastQuestion, mapMessages } from "./messages.ts";

const BYTES = "aGVsbG8gd29ybGQ=".repeat(20);

function lines(messages: BaseMessage[], includeTools: string[] = []): string[] {
  return mapMessages(messages, includeTools).map(({ said }) => `${said.role}: ${said.text}`);
}
// blocks of providers and of older versions are no part of the types
function human(...content: object[]): HumanMessage {
  return new HumanMessage({ content: content as never });
}
function ai(...content: object[]): AIMessage {
  return new AIMessage({ content: content as never });
}

test("a human message is its text, as a string or in blocks", () => {
  expect(lines([new HumanMessage("hi")])).toEqual(["user: hi"]);
  expect(
    lines([human({ type: "text", text: "I live " }, { type: "text", text: "here." })]),
  ).toEqual(["user: I live here."]);
});

test("a human message that the framework made is no turn", () => {
  const summary = new HumanMessage({
    content: "Summary of the conversation",
    additional_kwargs: { lc_source: "summarization" },
  });
  expect(lines([summary, new HumanMessage("hi")])).toEqual(["user: hi"]);
});

describe("pictures, recordings and files become placeholders, never bytes", () => {
  test.each([
    [
      "image block by url",
      { type: "image", url: "https://img.example/a.png" },
      "[image: img.example]",
    ],
    ["image block with bytes", { type: "image", data: BYTES, mimeType: "image/png" }, "[image]"],
    ["image block by file id", { type: "image", fileId: "file-1" }, "[image]"],
    [
      "older image block by url",
      { type: "image", source_type: "url", url: "https://img.example/a.png" },
      "[image: img.example]",
    ],
    [
      "older image block with bytes",
      { type: "image", source_type: "base64", data: BYTES, mime_type: "image/png" },
      "[image]",
    ],
    [
      "image_url with an address",
      { type: "image_url", image_url: { url: "https://cdn.example/x" } },
      "[image: cdn.example]",
    ],
    [
      "image_url with bytes",
      { type: "image_url", image_url: `data:image/png;base64,${BYTES}` },
      "[image]",
    ],
    ["audio block", { type: "audio", data: BYTES, mimeType: "audio/wav" }, "[audio]"],
    [
      "input_audio",
      { type: "input_audio", input_audio: { data: BYTES, format: "wav" } },
      "[audio]",
    ],
    ["video block", { type: "video", url: "https://v.example/v.mp4" }, "[video: v.example]"],
    [
      "file block with a name",
      { type: "file", data: BYTES, metadata: { filename: "report.pdf" } },
      "[file: report.pdf]",
    ],
    [
      "file of a provider",
      { type: "file", file: { filename: "tax.pdf", file_data: BYTES } },
      "[file: tax.pdf]",
    ],
  ])("%s", (_, block, placeholder) => {
    expect(lines([human({ type: "text", text: "Look:" }, block)])).toEqual([
      `user: Look:\n${placeholder}`,
    ]);
  });
});

test("a text file in a message is its text, cut where it is long", () => {
  expect(lines([human({ type: "text-plain", text: "a note" })])).toEqual(["user: a note"]);
  const [line = ""] = lines([human({ type: "text-plain", text: "x".repeat(20_000) })]);
  expect(line).toHaveLength("user: ".length + 8_000);
});

test("an answer is its text and the calls it makes, with sorted arguments", () => {
  const message = new AIMessage({
    content: "Let me look.",
    tool_calls: [
      { id: "c1", name: "weather", args: { unit: "C", city: "Braga" } },
      { id: "c2", name: "time", args: {} },
    ],
  });
  expect(lines([message])).toEqual([
    'assistant: Let me look.\ncalled weather({"city":"Braga","unit":"C"})\ncalled time({})',
  ]);
});

test("broken calls, reasoning, thinking, citations and unknown blocks are left out", () => {
  const message = new AIMessage({
    content: [
      { type: "reasoning", reasoning: "the user seems sad" },
      { type: "thinking", thinking: "hmm" },
      { type: "redacted_thinking", data: "zzz" },
      {
        type: "text",
        text: "Hello",
        annotations: [{ type: "citation", url: "https://c.example" }],
      },
      { type: "citation", title: "A source" },
      { type: "non_standard", value: { secret: 1 } },
      { type: "tool_use", id: "c", name: "n", input: {} },
      { type: "tool_call_chunk", name: "n", args: "{" },
    ] as never,
    invalid_tool_calls: [{ name: "n", args: "{", id: "i", error: "bad" }],
  });
  expect(lines([message])).toEqual(["assistant: Hello"]);
});

test("a refusal is kept and marked as one", () => {
  expect(lines([ai({ type: "refusal", refusal: "I cannot help with that." })])).toEqual([
    "assistant: [refused] I cannot help with that.",
  ]);
});

test("a call that the provider made itself is named; its result is kept only of tools that are named", (ctx) => {
  const message = ai(
    { type: "server_tool_call", id: "s1", name: "web_search", args: { query: "rain" } },
    { type: "server_tool_call_result", toolCallId: "s1", status: "success", output: "It rains." },
    { type: "text", text: "It rains." },
  );
  if (!("contentBlocks" in message)) return ctx.skip("this core has no content blocks");
  const said = 'assistant: It rains.\ncalled web_search({"query":"rain"})';
  expect(lines([message])).toEqual([said]);
  expect(lines([message], ["web_search"])).toEqual([said, "tool: It rains."]);
});

test("a tool result is kept only of tools that are named, and never a failed one or its artifact", () => {
  const result = new ToolMessage({
    content: "sunny",
    name: "weather",
    tool_call_id: "c1",
    artifact: { raw: "huge" },
  });
  expect(lines([result])).toEqual([]);
  expect(mapMessages([result], ["weather"])).toEqual([
    { index: 0, part: "", said: { role: "tool", text: "sunny", tool: "weather", callId: "c1" } },
  ]);
  const failed = new ToolMessage({
    content: "boom",
    name: "weather",
    tool_call_id: "c1",
    status: "error",
  });
  expect(lines([failed], ["weather"])).toEqual([]);
});

test("a tool result without a name belongs to the call it answers", () => {
  const call = new AIMessage({
    content: "",
    tool_calls: [{ id: "c1", name: "weather", args: {} }],
  });
  const result = new ToolMessage({ content: "sunny", tool_call_id: "c1" });
  expect(lines([call, result], ["weather"])).toEqual([
    "assistant: called weather({})",
    "tool: sunny",
  ]);
});

test("prompts are left out", () => {
  expect(lines([new SystemMessage("You are a pirate."), new ChatMessage("x", "system")])).toEqual(
    [],
  );
});

test("a chat message keeps its role where it has one of ours, else the user said it", () => {
  expect(
    lines([
      new ChatMessage("a", "user"),
      new ChatMessage("b", "assistant"),
      new ChatMessage("c", "critic"),
      new ChatMessage("d", "tool"),
    ]),
  ).toEqual(["user: a", "assistant: b", "user: c"]);
});

test("the result of an old function call is a tool result", () => {
  const message = new FunctionMessage({ content: "42", name: "answer" });
  expect(lines([message], ["answer"])).toEqual(["tool: 42"]);
  expect(lines([message])).toEqual([]);
});

test("an order to remove a message is no turn", () => {
  expect(lines([new RemoveMessage({ id: "m1" })])).toEqual([]);
});

test("injected memory is taken out of what was said", () => {
  const text = "<spectron-memory>\n- home_city: Porto\n</spectron-memory>\nhi";
  expect(lines([new HumanMessage(text)])).toEqual(["user: hi"]);
});

test("the question is the newest thing that the user said", () => {
  const summary = new HumanMessage({
    content: "Summary",
    id: "u1",
    additional_kwargs: { lc_source: "summarization" },
  });
  expect(lastQuestion([summary, new AIMessage("hm")])).toEqual({});
  expect(
    lastQuestion([new HumanMessage({ content: "Where?", id: "u2" }), new AIMessage("hm"), summary]),
  ).toEqual({ query: "Where?", queryAnchor: "u2" });
});
