/** One server-sent event: a name (Responses) or none (Chat Completions), and its data. */
export interface ServerEvent {
  event?: string;
  data: unknown;
}

const CREATED = 1_767_225_600;
const USAGE = { input_tokens: 0, output_tokens: 0, total_tokens: 0 };

export function chatCompletion(id: string, model: string, text: string): unknown {
  return {
    id: `chatcmpl-${id}`,
    object: "chat.completion",
    created: CREATED,
    model,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: text, refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
  };
}

export function chatCompletionEvents(id: string, model: string, text: string): ServerEvent[] {
  const chunk = (delta: unknown, finishReason: string | null): ServerEvent => ({
    data: {
      id: `chatcmpl-${id}`,
      object: "chat.completion.chunk",
      created: CREATED,
      model,
      choices: [{ index: 0, delta, finish_reason: finishReason }],
    },
  });
  return [
    chunk({ role: "assistant", content: "" }, null),
    ...pieces(text).map((content) => chunk({ content }, null)),
    chunk({}, "stop"),
    { data: "[DONE]" },
  ];
}

export function response(id: string, model: string, text: string): Record<string, unknown> {
  return {
    id: `resp_${id}`,
    object: "response",
    created_at: CREATED,
    status: "completed",
    error: null,
    incomplete_details: null,
    instructions: null,
    model,
    output: [messageItem(id, text)],
    parallel_tool_calls: true,
    tool_choice: "auto",
    tools: [],
    temperature: 1,
    top_p: 1,
    metadata: {},
    usage: {
      ...USAGE,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 0 },
    },
  };
}

export function responseEvents(id: string, model: string, text: string): ServerEvent[] {
  const whole = response(id, model, text);
  const item = messageItem(id, text);
  const place = { item_id: item.id, output_index: 0, content_index: 0 };
  const part = (value: string): unknown => ({ type: "output_text", text: value, annotations: [] });
  const events: [name: string, data: Record<string, unknown>][] = [
    ["response.created", { response: { ...whole, status: "in_progress", output: [] } }],
    [
      "response.output_item.added",
      { output_index: 0, item: { ...item, status: "in_progress", content: [] } },
    ],
    ["response.content_part.added", { ...place, part: part("") }],
    ...pieces(text).map((delta): [string, Record<string, unknown>] => [
      "response.output_text.delta",
      { ...place, delta, logprobs: [] },
    ]),
    ["response.output_text.done", { ...place, text, logprobs: [] }],
    ["response.content_part.done", { ...place, part: part(text) }],
    ["response.output_item.done", { output_index: 0, item }],
    ["response.completed", { response: whole }],
  ];
  return events.map(([event, data], index) => ({
    event,
    data: { type: event, sequence_number: index, ...data },
  }));
}

function messageItem(id: string, text: string): { id: string; [field: string]: unknown } {
  return {
    id: `msg_${id}`,
    type: "message",
    status: "completed",
    role: "assistant",
    content: [{ type: "output_text", text, annotations: [], logprobs: [] }],
  };
}

function pieces(text: string): string[] {
  return text.match(/\S+\s*/g) ?? [text];
}
