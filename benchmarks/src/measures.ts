import type { Question } from "./conversations.ts";

/** A piece of text that a system returned, and the turn that it carries. */
export interface Found {
  text: string;
  turn: string | undefined;
}

/** What a list of findings is worth for one question; shares from 0 to 1. */
export interface Measures {
  /** Evidence among the first one, five and ten. */
  r1: number;
  r5: number;
  r10: number;
  /** Evidence in the first 512 tokens. */
  b512: number;
  /** Words of the answer in the first 512 tokens; NaN where there is no answer. */
  ans512: number;
}

const BUDGET = 512;
const CHARACTERS_PER_TOKEN = 4;
/** A finding costs this at least, so that bare keywords are no bargain. */
const LEAST_TOKENS = 16;
const STOP = new Set(
  "a an the and or but of to in on at for with from by is are was were be been her his she he it they them their that this".split(
    " ",
  ),
);

export function measure(question: Question, found: readonly Found[]): Measures {
  const evidence = new Set(question.evidence);
  const share = (items: readonly Found[]): number =>
    new Set(items.flatMap(({ turn }) => (turn !== undefined && evidence.has(turn) ? [turn] : [])))
      .size / evidence.size;
  const inBudget = cut(found);
  const words = new Set(inBudget.flatMap(({ text }) => toWords(text)));
  const wanted = [...new Set(toWords(question.answer ?? ""))];
  return {
    r1: share(found.slice(0, 1)),
    r5: share(found.slice(0, 5)),
    r10: share(found.slice(0, 10)),
    b512: share(inBudget),
    ans512: wanted.filter((word) => words.has(word)).length / wanted.length,
  };
}

/** The mean of each measure, over the questions that have it. */
export function mean(rows: readonly Measures[]): Measures {
  const of = (name: keyof Measures): number => {
    const values = rows.map((row) => row[name]).filter((value) => !Number.isNaN(value));
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return { r1: of("r1"), r5: of("r5"), r10: of("r10"), b512: of("b512"), ans512: of("ans512") };
}

function cut(found: readonly Found[]): Found[] {
  const kept: Found[] = [];
  let used = 0;
  for (const item of found) {
    used += Math.max(LEAST_TOKENS, Math.ceil(item.text.length / CHARACTERS_PER_TOKEN));
    if (used > BUDGET) break;
    kept.push(item);
  }
  return kept;
}

function toWords(text: string): string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])
    .filter((word) => !STOP.has(word))
    .map((word) => word.replace(/(?:ing|ed|es|s)$/u, ""));
}
