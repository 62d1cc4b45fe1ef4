import type { MakeId } from "./identifiers.ts";
import { countPromptWords, countWords, splitForStream } from "./prompt.ts";
import type { Answer, Prompt } from "./prompt.ts";
import type { ResponseItem, ResponseRequest } from "./response-request.ts";
import { createdAt } from "./wire-event.ts";
import type { WireAnswer, WireEvent } from "./wire-event.ts";

type Named = readonly [event: string, data: Record<string, unknown>];

interface Output {
  readonly item: ResponseItem & { readonly id: string };
  /** The item as it is announced, before its content. */
  readonly started: unknown;
  readonly events: readonly Named[];
}

function part(text: string): Record<string, unknown> & { type: string; text: string } {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

function messageOutput(text: string, makeId: MakeId): Output {
  const id = makeId("msg");
  const common = { id, type: "message" as const, role: "assistant" as const };
  const place = { item_id: id, output_index: 0, content_index: 0 };
  return {
    item: { ...common, status: "completed", content: [part(text)] },
    started: { ...common, status: "in_progress", content: [] },
    events: [
      ["response.content_part.added", { ...place, part: part("") }],
      ...splitForStream(text).map((delta): Named => [
        "response.output_text.delta",
        { ...place, delta, logprobs: [] },
      ]),
      ["response.output_text.done", { ...place, text, logprobs: [] }],
      ["response.content_part.done", { ...place, part: part(text) }],
    ],
  };
}

function callOutput(name: string, written: string, makeId: MakeId): Output {
  const id = makeId("fc");
  const common = { id, type: "function_call" as const, call_id: makeId("call"), name };
  const place = { item_id: id, output_index: 0 };
  return {
    item: { ...common, status: "completed", arguments: written },
    started: { ...common, status: "in_progress", arguments: "" },
    events: [
      ...splitForStream(written).map((delta): Named => [
        "response.function_call_arguments.delta",
        { ...place, delta },
      ]),
      ["response.function_call_arguments.done", { ...place, name, arguments: written }],
    ],
  };
}

/** The answer as one response and as its events, with the item to keep for later references. */
export function responseAnswer(
  request: ResponseRequest,
  prompt: Prompt,
  answer: Answer,
  makeId: MakeId,
): WireAnswer & { readonly item: Output["item"] } {
  const written = answer.type === "text" ? answer.text : answer.arguments;
  const output =
    answer.type === "text"
      ? messageOutput(written, makeId)
      : callOutput(answer.name, written, makeId);
  const inputWords = countPromptWords(prompt);
  const outputWords = countWords(written);
  const started = {
    id: makeId("resp"),
    object: "response",
    created_at: createdAt,
    status: "in_progress",
    error: null,
    incomplete_details: null,
    instructions: request.instructions ?? null,
    model: request.model,
    output: [] as unknown[],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: request.store !== false,
    temperature: 1,
    text: { format: { type: "text" } },
    tool_choice: request.tool_choice ?? "auto",
    tools: request.tools ?? [],
    top_p: 1,
    truncation: "disabled",
    usage: null,
    metadata: {},
  };
  const body = {
    ...started,
    status: "completed",
    output: [output.item],
    usage: {
      input_tokens: inputWords,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: outputWords,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: inputWords + outputWords,
    },
  };
  const events: readonly Named[] = [
    ["response.created", { response: started }],
    ["response.in_progress", { response: started }],
    ["response.output_item.added", { output_index: 0, item: output.started }],
    ...output.events,
    ["response.output_item.done", { output_index: 0, item: output.item }],
    ["response.completed", { response: body }],
  ];
  return {
    body,
    item: output.item,
    events: events.map(([event, data], index): WireEvent => ({
      event,
      data: { type: event, sequence_number: index, ...data },
    })),
  };
}
