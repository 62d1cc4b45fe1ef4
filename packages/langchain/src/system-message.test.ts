import { SystemMessage } from "@langchain/core/messages";
import { expect, test } from "vitest";
import { withMemoryBlock } from "./system-message.ts";

const BLOCK = "<spectron-memory>\nhome_city: Braga\n</spectron-memory>";

test.each([
  ["stays in front of the memory", "Be brief.", `Be brief.\n\n${BLOCK}`],
  ["that is empty leaves the memory alone", "", BLOCK],
  ["that is missing leaves the memory alone", undefined, BLOCK],
])("where a request has no system message, a prompt %s", (_, systemPrompt, expected) => {
  expect(withMemoryBlock({ systemPrompt, tools: [] }, BLOCK)).toEqual({
    systemPrompt: expected,
    tools: [],
  });
});

test("a system message takes the memory, and the text of the prompt stays as it was", () => {
  // an agent refuses a request that changes both
  const request = { systemPrompt: "Be brief.", systemMessage: new SystemMessage("Be brief.") };
  const prompted = withMemoryBlock(request, BLOCK);
  expect(prompted.systemMessage.text).toBe(`Be brief.\n\n${BLOCK}`);
  expect(prompted.systemPrompt).toBe("Be brief.");
  expect(request.systemMessage.text).toBe("Be brief.");
});

test("an empty system message becomes the memory alone, without an empty block", () => {
  const prompted = withMemoryBlock({ systemMessage: new SystemMessage("") }, BLOCK);
  expect(prompted.systemMessage.content).toBe(BLOCK);
});

test("without memory the request is passed on as it is", () => {
  const request = { systemMessage: new SystemMessage("Be brief.") };
  expect(withMemoryBlock(request, "")).toBe(request);
});
