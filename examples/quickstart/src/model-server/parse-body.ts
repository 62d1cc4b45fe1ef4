import type { z } from "zod";
import { WireError } from "./wire-error.ts";

/** Checks a body against a schema; the message names the field and never repeats its content. */
export function parseBody<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
): z.output<Schema> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const path = (result.error.issues[0]?.path ?? []).reduce<string>(
    (text, key) => text + (typeof key === "number" ? `[${key}]` : `${text && "."}${String(key)}`),
    "",
  );
  const field = path || "body";
  throw new WireError(
    `Invalid or missing value for '${field}'. Send the shape of the OpenAI API reference.`,
    { param: field, code: "invalid_value" },
  );
}

/** A forced tool or a JSON schema needs a model that writes JSON by itself; these rules do not. */
export function refuseUnsupported(options: {
  forcedTool: boolean;
  forcedParam: string;
  jsonFormat: boolean;
  jsonParam: string;
}): void {
  if (options.forcedTool) {
    throw new WireError(
      'This server cannot be forced to call a tool. Leave the tool choice at "auto" and ask: Use the tool NAME with {"key": "value"}.',
      { param: options.forcedParam, code: "unsupported_value" },
    );
  }
  if (options.jsonFormat) {
    throw new WireError("This server answers in plain text only. Remove the response format.", {
      param: options.jsonParam,
      code: "unsupported_value",
    });
  }
}
