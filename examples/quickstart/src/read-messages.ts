import { readFileSync } from "node:fs";
import type { WireMessage } from "@spectron/core";
import { z } from "zod";

const lineSchema = z.object(
  {
    role: z.enum(["user", "assistant", "system", "tool"], {
      message: "must be user, assistant, system or tool",
    }),
    content: z.string("must be a text").min(1, "must not be empty"),
    ts: z.iso
      .datetime({ offset: true, message: "must be a time such as 2026-03-01T10:00:00Z" })
      .nullish(),
  },
  'must be an object with "role" and "content"',
);

/** Reads a file of `{role, content, ts?}` lines; an error names the line and the field. */
export function readMessages(file: string): WireMessage[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line, index) => {
      if (line.trim() === "") return [];
      const place = `${file}, line ${index + 1}`;
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch {
        throw new Error(`${place}: not valid JSON.`);
      }
      const { data, error } = lineSchema.safeParse(value);
      const issue = error?.issues[0];
      if (data === undefined || issue !== undefined)
        throw new Error(`${place}: ${[...(issue?.path ?? []), issue?.message].join(" ")}.`);
      const ts = data.ts === undefined || data.ts === null ? {} : { ts: data.ts };
      return [{ id: `line-${index + 1}`, role: data.role, content: data.content, ...ts }];
    });
}
