import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { SessionMap } from "../adapter/types.ts";
import { readLines, writeLine } from "./log-line.ts";

/** A session map in one file, for services that do not know sessions by an application's ids; processes may share it. */
export function fileSessionMap(path: string): SessionMap {
  let known = new Map<string, string>();

  const load = (): void => {
    let text = "";
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    known = new Map();
    for (const [key, id] of readLines(text).entries as [string, string][])
      // the first process that bound a conversation decides for all
      if (!known.has(key)) known.set(key, id);
  };

  return {
    async get(key) {
      if (!known.has(key)) load();
      return known.get(key);
    },
    async set(key, id) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      // the line end in front closes what a killed process may have left
      appendFileSync(path, `\n${writeLine([key, id])}`, { mode: 0o600 });
      load();
    },
  };
}
