import type { Context } from "hono";
import type { AppEnv } from "../app.ts";
import { Problem } from "../problem.ts";
import { camelFields } from "../request-body.ts";

/** Query parameters as a body would state them: `lens` as JSON, `scope[dimension]=value` as an object. */
export function queryFields(c: Context<AppEnv>): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  const dimensions = new Map<string, string>();
  for (const [name, value] of Object.entries(c.req.query())) {
    const dimension = /^scope\[([^\]]+)\]$/.exec(name)?.[1];
    if (dimension === undefined) fields[name] = name === "lens" ? parseLens(value) : value;
    else dimensions.set(dimension, value);
  }
  if (dimensions.size > 0) fields["scope"] = Object.fromEntries(dimensions);
  return camelFields(fields);
}

function parseLens(value: string): unknown {
  if (!value.startsWith("[")) return value;
  try {
    return JSON.parse(value);
  } catch {
    throw new Problem(
      400,
      "validation_failed",
      "lens must be a path or a JSON array of arrays of paths.",
    );
  }
}
