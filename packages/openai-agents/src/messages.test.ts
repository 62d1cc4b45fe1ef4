import type { AgentInputItem } from "@openai/agents";
import { expect, test } from "vitest";
import { callKey, lastUserText, toWords } from "./messages.ts";

const heard = (item: object, tools: string[] = []): string | undefined => {
  const words = toWords(item as AgentInputItem, tools);
  if (words === undefined) return undefined;
  const call =
    words.role === "assistant" && words.tool !== undefined ? ` ${words.tool}(${words.args})` : "";
  return `${words.role}: ${words.text}${call}`;
};
const message = (role: string, ...content: object[]): object => ({
  type: "message",
  role,
  content,
});

test.each<[string, object, string | undefined]>([
  ["a user's string", { role: "user", content: "hi" }, "user: hi"],
  [
    "a user's parts",
    message("user", { type: "input_text", text: "hi" }, { type: "input_text", text: "there" }),
    "user: hi\nthere",
  ],
  [
    "a user's image",
    message("user", { type: "input_image", image: "data:image/png;base64,AA" }),
    "user: [image]",
  ],
  [
    "a named file",
    message("user", { type: "input_file", filename: "a.pdf", file: "data:x" }),
    "user: [file: a.pdf]",
  ],
  [
    "a file by id",
    message("user", { type: "input_file", file: { id: "file_1" } }),
    "user: [file: file_1]",
  ],
  ["a nameless file", message("user", { type: "input_file", file: "data:x" }), "user: [file]"],
  [
    "audio with its transcript",
    message("user", { type: "audio", audio: "AA", transcript: "hi" }),
    "user: hi",
  ],
  ["audio without", message("assistant", { type: "audio", audio: "AA" }), "assistant: [audio]"],
  ["an answer", message("assistant", { type: "output_text", text: "hi" }), "assistant: hi"],
  [
    "commentary",
    { ...message("assistant", { type: "output_text", text: "thinking" }), phase: "commentary" },
    undefined,
  ],
  [
    "a refusal",
    message("assistant", { type: "refusal", refusal: "no" }),
    "assistant: [refused] no",
  ],
  [
    "a generated image",
    message("assistant", { type: "image", image: "AA" }),
    "assistant: [generated image]",
  ],
  [
    "an answer in progress",
    { ...message("assistant", { type: "output_text", text: "hi" }), status: "in_progress" },
    undefined,
  ],
  [
    "an answer that was cut off",
    { ...message("assistant", { type: "output_text", text: "hi" }), status: "incomplete" },
    undefined,
  ],
  ["a system message", { role: "system", content: "rules" }, undefined],
  ["reasoning", { type: "reasoning", content: [{ type: "input_text", text: "x" }] }, undefined],
  [
    "a call",
    { type: "function_call", name: "look", callId: "c", arguments: '{"a":1}' },
    'assistant:  look({"a":1})',
  ],
  [
    "a handoff",
    { type: "function_call", name: "transfer_to_B", callId: "c", arguments: "{}" },
    undefined,
  ],
  [
    "a result",
    { type: "function_call_result", name: "look", callId: "c", output: "seen" },
    "tool: seen",
  ],
  [
    "a result of one part",
    {
      type: "function_call_result",
      name: "look",
      callId: "c",
      output: { type: "text", text: "seen" },
    },
    "tool: seen",
  ],
  [
    "a result of many parts",
    {
      type: "function_call_result",
      name: "look",
      callId: "c",
      output: [
        { type: "input_text", text: "one" },
        { type: "input_image", image: "data:x" },
        { type: "input_text", text: "two" },
      ],
    },
    "tool: one\ntwo",
  ],
  [
    "a result that is an image",
    {
      type: "function_call_result",
      name: "look",
      callId: "c",
      output: { type: "image", image: "AA" },
    },
    undefined,
  ],
  [
    "a result of another tool",
    { type: "function_call_result", name: "other", callId: "c", output: "x" },
    undefined,
  ],
  [
    "a hosted tool",
    { type: "hosted_tool_call", name: "web_search", output: "x" },
    "assistant:  web_search()",
  ],
  [
    "a hosted tool that is listed",
    { type: "hosted_tool_call", name: "look", output: "seen" },
    "assistant: seen look()",
  ],
  ["a computer call", { type: "computer_call", callId: "c" }, undefined],
  ["a shell call", { type: "shell_call", callId: "c" }, undefined],
  ["a compaction", { type: "compaction", encrypted_content: "x" }, undefined],
  ["something unknown", { type: "unknown" }, undefined],
  [
    "injected memory",
    { role: "user", content: "m", providerData: { spectron: { injected: true } } },
    undefined,
  ],
])("%s", (_, item, wanted) => {
  expect(heard(item, ["look"])).toBe(wanted);
});

test("the last words of the user are a text of theirs, however they were sent", () => {
  const items = [
    { role: "user", content: "first" },
    message("user", { type: "input_image", image: "x" }, { type: "input_text", text: "second" }),
    message("assistant", { type: "output_text", text: "answer" }),
  ] as AgentInputItem[];
  expect(lastUserText(items)).toBe("second");
  expect(lastUserText([])).toBeUndefined();
});

test("a call and its result are two events of one id", () => {
  const of = (type: string): string | undefined => callKey({ type, callId: "c" } as AgentInputItem);
  expect(of("function_call")).not.toBe(of("function_call_result"));
  expect(callKey({ role: "user", content: "hi" })).toBeUndefined();
});
