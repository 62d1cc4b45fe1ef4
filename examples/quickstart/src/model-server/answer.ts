import {
  conversationEvidence,
  isQuestion,
  memoryEvidence,
  sentences,
  withoutMemory,
} from "./evidence.ts";
import type { Answer, Prompt } from "./prompt.ts";
import { answerQuestion } from "./rules.ts";

const toolRequest = /\buse the tool ["'`]?([\w.-]+?)["'`]? with\s*(\{[\s\S]*)/i;

/** The longest JSON object at the start of a text. */
function leadingObject(text: string): string | undefined {
  for (let end = text.lastIndexOf("}"); end > 0; end = text.lastIndexOf("}", end - 1)) {
    const candidate = text.slice(0, end + 1);
    try {
      JSON.parse(candidate);
      return candidate;
    } catch {
      // A closing brace inside the sentence that follows; the next shorter text may parse.
    }
  }
  return undefined;
}

function answerToolRequest(request: RegExpExecArray, tools: readonly string[]): Answer {
  const [, name = "", rest = ""] = request;
  if (!tools.includes(name))
    return { type: "text", text: `I have no tool called ${name} in this request.` };
  const json = leadingObject(rest);
  if (json === undefined)
    return { type: "text", text: `What follows "with" is no JSON object for the tool ${name}.` };
  return { type: "tool-call", name, arguments: JSON.stringify(JSON.parse(json)) };
}

/**
 * Decides what to say, in this order: report tool results, call a tool the user asked for,
 * answer the last question, acknowledge a statement.
 */
export function answer(prompt: Prompt): Answer {
  const { messages } = prompt;
  const results = messages.slice(messages.findLastIndex(({ role }) => role !== "tool") + 1);
  if (results.length > 0) {
    const reports = results.flatMap((message) =>
      message.role === "tool" ? [`The tool ${message.name} answered: ${message.text}`] : [],
    );
    return { type: "text", text: reports.join("\n") };
  }
  const userTexts = messages.flatMap((message) => (message.role === "user" ? [message.text] : []));
  const last = withoutMemory(userTexts.at(-1) ?? "");
  const request = toolRequest.exec(last);
  if (request) return answerToolRequest(request, prompt.tools);
  const question = sentences(last).findLast(isQuestion);
  if (question === undefined) {
    return {
      type: "text",
      text: last === "" ? "I have nothing to answer." : `Thanks, I'll keep that in mind: ${last}`,
    };
  }
  const evidence = [...conversationEvidence(userTexts), ...memoryEvidence(prompt)];
  return { type: "text", text: answerQuestion(question, evidence) };
}
