import type { Engine } from "@spectron/engine";
import { CALLER } from "./principal.ts";

/** Keys of batches that are stored at a time, wave after wave. */
export const WAVES = [1, 2, 3, 4, 5, 6, 7, 8].map((wave) => [`${wave}a`, `${wave}b`, `${wave}c`]);
/** Bytes that a batch of those takes beside its words. */
export const WEIGHT = 2000;

const PARTS = [1, 2, 3];

const textOf = (key: string, part: number): string => `Batch ${key} says part ${part}.`;

/** Stores one batch of three messages, in a session of its own, under its key; answers whether it was there already. */
export async function storeBatch(
  engine: Engine,
  key: string,
  /** Bytes that it takes beside its words. */
  weight = 0,
): Promise<{ replayed: boolean }> {
  const { replayed } = await engine.remember({
    caller: CALLER,
    idempotency: {
      ref: { context: "dev", principal: "p", key },
      fingerprint: key,
      retention: 1e9,
    },
    scopes: [["u/a"]],
    messages: PARTS.map((part) => ({
      role: "user" as const,
      content: textOf(key, part),
      ...(part === 1 && weight > 0 ? { parts: { weight: "x".repeat(weight) } } : {}),
    })),
    infer: "none",
    triples: [],
    diff: "none",
    labels: [],
    answer: { kind: "batch" },
  });
  return { replayed };
}

export interface BatchReport {
  /** Asked for and not there. */
  lost: string[];
  /** There in part, or with other words. */
  torn: string[];
  /** There more than once. */
  doubled: string[];
  /** There and whole. */
  found: Set<string>;
}

/** Reads every session, and tells how it compares with the batches that were acknowledged. */
export async function readBatches(
  engine: Engine,
  acknowledged: Iterable<string>,
): Promise<BatchReport> {
  const report: BatchReport = { lost: [], torn: [], doubled: [], found: new Set() };
  let cursor: string | undefined;
  do {
    const { sessions, page } = await engine.read("listSessions", {
      caller: CALLER,
      clamp: { patterns: ["/*"] },
      limit: 500,
      cursor,
    });
    for (const { id } of sessions) {
      const { turns } = await engine.read("listTurns", { caller: CALLER, id, limit: 500 });
      const [first = ""] = turns.map(({ content }) => content);
      const key = /^Batch (\S+) says/.exec(first)?.[1] ?? id;
      const isWhole =
        turns.length === PARTS.length &&
        turns.every(({ content }, index) => content === textOf(key, index + 1));
      if (!isWhole) report.torn.push(key);
      else if (report.found.has(key)) report.doubled.push(key);
      else report.found.add(key);
    }
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  report.lost = [...acknowledged].filter((key) => !report.found.has(key));
  return report;
}

/** What a report is when nothing is wrong. */
export const NOTHING_WRONG = { lost: [], torn: [], doubled: [] };
