import { z } from "zod";
import { LIMITS } from "./limits.ts";
import { Problem } from "./problem.ts";

/** Parses a JSON object body; an empty body is `{}`. Both spellings of every field are accepted. */
export async function readBody(request: Request): Promise<Record<string, unknown>> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.byteLength > LIMITS.bodyBytes)
    throw new Problem(
      413,
      "body_too_large",
      `The body may have at most ${LIMITS.bodyBytes} bytes.`,
    );
  if (bytes.byteLength === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Problem(400, "invalid_json", "The body is not valid JSON in UTF-8.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Problem(400, "invalid_json", "The body must be a JSON object.");
  return camelFields(value);
}

/** Renames snake_case fields; two spellings with different values are refused. */
export function camelFields(value: object): Record<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const [name, item] of Object.entries(value)) {
    const camel = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (fields.has(camel) && JSON.stringify(fields.get(camel)) !== JSON.stringify(item))
      throw new Problem(
        400,
        "field_conflict",
        `The field ${camel} is given twice with different values.`,
      );
    fields.set(camel, item);
  }
  return Object.fromEntries(fields);
}

/** Checks a body against its schema; the problem lists every field that is wrong and why. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.slice(0, 20).map((issue) => ({
    path: issue.path.join("."),
    message: issue.message,
  }));
  const tooLarge = result.error.issues.find(({ message }) => TOO_LARGE.has(message));
  if (tooLarge !== undefined)
    throw new Problem(413, "content_too_large", tooLarge.message, { errors });
  const first = errors[0];
  throw new Problem(
    400,
    "validation_failed",
    first === undefined
      ? "The request is not valid."
      : `${first.path === "" ? "The body" : first.path}: ${first.message}`,
    { errors },
  );
}

const CONTENT_TOO_LARGE = `A message may have at most ${LIMITS.contentBytes} bytes of text.`;
const PARTS_TOO_LARGE = `The parts of a message may have at most ${LIMITS.partsBytes} bytes of JSON.`;
const TOO_LARGE: ReadonlySet<string> = new Set([CONTENT_TOO_LARGE, PARTS_TOO_LARGE]);

/** Text that every store keeps as it is: well-formed, without NUL. */
export const text: z.ZodString = z
  .string()
  .min(1, "must not be empty")
  .refine((value) => value.isWellFormed(), "must be well-formed Unicode")
  .refine((value) => !value.includes("\u0000"), "must not contain NUL");

export const content: z.ZodType<string> = text.refine(
  (value) => value.length <= LIMITS.contentBytes && Buffer.byteLength(value) <= LIMITS.contentBytes,
  CONTENT_TOO_LARGE,
);

/** Any JSON; as text it escapes what a store could not keep. */
export const parts: z.ZodUnknown = z
  .unknown()
  .refine(
    (value) => value === undefined || Buffer.byteLength(JSON.stringify(value)) <= LIMITS.partsBytes,
    PARTS_TOO_LARGE,
  );

export const identifier: z.ZodType<string> = text.max(LIMITS.idLength);

/** RFC 3339 with an offset, as epoch milliseconds. */
export const instant: z.ZodType<number, string> = z.iso
  .datetime({
    offset: true,
    message: "must be an RFC 3339 time with an offset, such as 2026-06-01T09:00:00Z",
  })
  .transform((value) => Date.parse(value));

export const labels: z.ZodType<string[]> = z.array(text.max(LIMITS.idLength)).max(LIMITS.labels);
