import { z } from "zod";
import { parseBody, refuseUnsupported } from "./parse-body.ts";
import type { Prompt, PromptMessage } from "./prompt.ts";
import { WireError } from "./wire-error.ts";

const contentSchema = z.union([
  z.string(),
  z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
]);
const messageFields = {
  role: z.enum(["system", "developer", "user", "assistant"]),
  content: contentSchema,
};
const itemSchema = z.union([
  z.looseObject({ type: z.literal("message").optional(), ...messageFields }),
  z.looseObject({
    type: z.literal("function_call"),
    call_id: z.string(),
    name: z.string(),
    arguments: z.string(),
  }),
  z.looseObject({
    type: z.literal("function_call_output"),
    call_id: z.string(),
    output: contentSchema,
  }),
  z.looseObject({ type: z.literal("item_reference"), id: z.string() }),
  z.looseObject({ type: z.literal("reasoning") }),
]);
const requestSchema = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(itemSchema)]),
  instructions: z.string().nullish(),
  tools: z.array(z.looseObject({ type: z.string(), name: z.string().optional() })).nullish(),
  tool_choice: z.union([z.string(), z.looseObject({})]).nullish(),
  text: z.looseObject({ format: z.looseObject({ type: z.string() }).nullish() }).nullish(),
  previous_response_id: z.null().optional(),
  conversation: z.null().optional(),
  store: z.boolean().nullish(),
  stream: z.boolean().nullish(),
});

export type ResponseItem = z.output<typeof itemSchema>;
export type ResponseRequest = z.output<typeof requestSchema>;

/** Checks the body of POST /v1/responses. */
export function parseResponseRequest(body: unknown): ResponseRequest {
  const request = parseBody(requestSchema, body);
  refuseUnsupported({
    forcedTool: ![undefined, null, "auto", "none"].includes(request.tool_choice as string),
    forcedParam: "tool_choice",
    jsonFormat: ![undefined, "text"].includes(request.text?.format?.type),
    jsonParam: "text.format",
  });
  return request;
}

function textOf(content: z.output<typeof contentSchema>): string {
  if (typeof content === "string") return content;
  return content.flatMap((part) => part.text ?? []).join("\n");
}

/** The request in the shape the rules read; references are looked up among earlier answers. */
export function responsePrompt(
  request: ResponseRequest,
  stored: ReadonlyMap<string, ResponseItem>,
): Prompt {
  const names = new Map<string, string>();
  const instructions = request.instructions ? [request.instructions] : [];
  const messages: PromptMessage[] = [];
  const items =
    typeof request.input === "string"
      ? [{ role: "user" as const, content: request.input }]
      : request.input.map((item, index) => {
          if (item.type !== "item_reference") return item;
          const found = stored.get(item.id);
          if (found) return found;
          throw new WireError(
            "The referenced item is not stored here. Send the whole item, or leave `store` on in the request that makes it.",
            { param: `input[${index}].id`, code: "item_not_found" },
          );
        });
  for (const item of items) {
    if ("role" in item) {
      const text = textOf(item.content as z.output<typeof contentSchema>);
      if (item.role === "user" || item.role === "assistant")
        messages.push({ role: item.role, text });
      else instructions.push(text);
    } else if (item.type === "function_call") names.set(item.call_id, item.name);
    else if (item.type === "function_call_output") {
      const name = names.get(item.call_id) ?? "unknown";
      messages.push({ role: "tool", name, text: textOf(item.output) });
    }
  }
  const offered = (request.tools ?? []).flatMap((tool) => tool.name ?? []);
  return {
    instructions: instructions.join("\n\n"),
    messages,
    tools: request.tool_choice === "none" ? [] : offered,
  };
}
