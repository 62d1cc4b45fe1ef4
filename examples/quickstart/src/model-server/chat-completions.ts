import { z } from "zod";
import type { MakeId } from "./identifiers.ts";
import { parseBody, refuseUnsupported } from "./parse-body.ts";
import { countPromptWords, countWords, splitForStream } from "./prompt.ts";
import type { Answer, Prompt, PromptMessage } from "./prompt.ts";
import { createdAt } from "./wire-event.ts";
import type { WireAnswer, WireEvent } from "./wire-event.ts";

const contentSchema = z.union([
  z.string(),
  z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
]);
const toolCallSchema = z.looseObject({
  id: z.string(),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
});
const requestSchema = z.looseObject({
  model: z.string().min(1),
  messages: z
    .array(
      z.discriminatedUnion("role", [
        z.looseObject({ role: z.enum(["system", "developer", "user"]), content: contentSchema }),
        z.looseObject({
          role: z.literal("assistant"),
          content: contentSchema.nullish(),
          tool_calls: z.array(toolCallSchema).nullish(),
        }),
        z.looseObject({
          role: z.literal("tool"),
          tool_call_id: z.string(),
          content: contentSchema,
        }),
      ]),
    )
    .min(1),
  tools: z
    .array(
      z.looseObject({ type: z.string(), function: z.looseObject({ name: z.string() }).optional() }),
    )
    .nullish(),
  tool_choice: z.union([z.string(), z.looseObject({})]).nullish(),
  response_format: z.looseObject({ type: z.string() }).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
});

export type ChatRequest = z.output<typeof requestSchema>;

/** Checks the body of POST /v1/chat/completions. */
export function parseChatRequest(body: unknown): ChatRequest {
  const request = parseBody(requestSchema, body);
  refuseUnsupported({
    forcedTool: ![undefined, null, "auto", "none"].includes(request.tool_choice as string),
    forcedParam: "tool_choice",
    jsonFormat: ![undefined, "text"].includes(request.response_format?.type),
    jsonParam: "response_format",
  });
  return request;
}

function textOf(content: z.output<typeof contentSchema> | null | undefined): string {
  if (typeof content === "string") return content;
  return (content ?? []).flatMap((part) => part.text ?? []).join("\n");
}

/** The request in the shape the rules read. */
export function chatPrompt(request: ChatRequest): Prompt {
  const names = new Map<string, string>();
  const instructions: string[] = [];
  const messages: PromptMessage[] = [];
  for (const message of request.messages) {
    const text = textOf(message.content);
    if (message.role === "system" || message.role === "developer") instructions.push(text);
    else if (message.role === "tool")
      messages.push({ role: "tool", name: names.get(message.tool_call_id) ?? "unknown", text });
    else {
      messages.push({ role: message.role, text });
      if (message.role === "assistant")
        for (const call of message.tool_calls ?? []) names.set(call.id, call.function.name);
    }
  }
  const offered = (request.tools ?? []).flatMap((tool) => tool.function?.name ?? []);
  return {
    instructions: instructions.join("\n\n"),
    messages,
    tools: request.tool_choice === "none" ? [] : offered,
  };
}

/** The answer as one chat.completion and as its chunks. */
export function chatAnswer(
  request: ChatRequest,
  prompt: Prompt,
  answer: Answer,
  makeId: MakeId,
): WireAnswer {
  const isText = answer.type === "text";
  const written = isText ? answer.text : answer.arguments;
  const input = countPromptWords(prompt);
  const output = countWords(written);
  const usage = {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  };
  const shared = { id: makeId("chatcmpl"), created: createdAt, model: request.model };
  const finishReason = isText ? "stop" : "tool_calls";
  const call = isText
    ? undefined
    : { id: makeId("call"), type: "function", function: { name: answer.name, arguments: written } };
  const withUsage = request.stream_options?.include_usage === true;
  const chunk = (delta: unknown, reason: string | null = null): WireEvent => ({
    data: {
      ...shared,
      object: "chat.completion.chunk",
      choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }],
      ...(withUsage ? { usage: null } : {}),
    },
  });
  const deltas = call
    ? [
        {
          tool_calls: [
            { index: 0, ...call, function: { name: call.function.name, arguments: "" } },
          ],
        },
        ...splitForStream(written).map((piece) => ({
          tool_calls: [{ index: 0, function: { arguments: piece } }],
        })),
      ]
    : splitForStream(written).map((content) => ({ content }));
  return {
    body: {
      ...shared,
      object: "chat.completion",
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: call ? null : written,
            refusal: null,
            ...(call ? { tool_calls: [call] } : {}),
          },
          logprobs: null,
          finish_reason: finishReason,
        },
      ],
      usage,
    },
    events: [
      chunk({ role: "assistant", content: call ? null : "", refusal: null }),
      ...deltas.map((delta) => chunk(delta)),
      chunk({}, finishReason),
      ...(withUsage
        ? [{ data: { ...shared, object: "chat.completion.chunk", choices: [], usage } }]
        : []),
      { data: "[DONE]" },
    ],
  };
}
