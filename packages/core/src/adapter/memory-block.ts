import type { ProfileResponse } from "../protocol/types.ts";
import { fence } from "./fence.ts";
import type { MemoryEntries } from "./types.ts";

/** Models and memories are counted alike: four characters to a token. */
const CHARACTERS_PER_TOKEN = 4;

export interface MemoryBlock {
  text: string;
  entries: number;
  tokens: number;
}

/** The one place that builds the injected text: profile first, then what was recalled, inside a fence (design 5). */
export function buildMemoryBlock(
  entries: MemoryEntries,
  options: { maxTokens: number; template?: ((entries: MemoryEntries) => string) | undefined },
): MemoryBlock {
  const budget = options.maxTokens * CHARACTERS_PER_TOKEN;
  // whatever the recalled half leaves free goes to the profile, and the other way round
  const profile = cut(entries.profile, Math.max(budget / 2, budget - size(entries.recalled)));
  // a fact that the profile tells is not told again
  const fresh = entries.recalled.filter(
    (line) => !profile.includes(line.replace(/^- user /, "- ")),
  );
  const recalled = cut(fresh, budget - size(profile));
  const count = profile.length + recalled.length;
  if (count === 0) return { text: "", entries: 0, tokens: 0 };
  const text = fence((options.template ?? render)({ profile, recalled }));
  return { text, entries: count, tokens: Math.ceil(text.length / CHARACTERS_PER_TOKEN) };
}

/** Profile and instructions as lines, identity first; byte-stable for an unchanged store. */
export function profileLines(profile: ProfileResponse): string[] {
  const line = (entry: { key: string; value: string; entity?: string | undefined }): string => {
    const about = entry.entity === undefined || entry.entity === "user" ? "" : `${entry.entity} `;
    return `- ${about}${entry.key}: ${oneLine(entry.value)}`;
  };
  return [
    ...profile.static.map(line),
    ...profile.instructions.map((item) => `- asked for: ${oneLine(item.description)}`),
    ...profile.preferences.map(line),
    ...profile.dynamic.map(line),
  ];
}

function render(entries: MemoryEntries): string {
  return [
    ...(entries.profile.length === 0 ? [] : ["Known:", ...entries.profile]),
    ...(entries.recalled.length === 0 ? [] : ["From earlier conversations:", ...entries.recalled]),
  ].join("\n");
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

function size(lines: readonly string[]): number {
  // each with its line end
  return [...lines, ""].join("\n").length;
}

/** Whole entries, in order, as long as they fit. */
function cut(lines: readonly string[], budget: number): string[] {
  const kept: string[] = [];
  let used = 0;
  for (const line of lines) {
    used += line.length + 1;
    if (used > budget) break;
    kept.push(line);
  }
  return kept;
}
