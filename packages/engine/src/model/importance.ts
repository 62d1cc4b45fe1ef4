import type { MemoryCategory } from "@spectron/core/protocol";
import type { Instant } from "./records.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Importance of a new fact (contract 4.2). */
export const INITIAL_IMPORTANCE: Readonly<Record<MemoryCategory, number>> = {
  identity: 1,
  knowledge: 0.8,
  context: 0.5,
};

/** What a day leaves of it. */
export const DECAY_PER_DAY: Readonly<Record<MemoryCategory, number>> = {
  identity: 1,
  knowledge: 0.995,
  context: 0.95,
};

/** What being recalled does to it, up to 1. */
export const REINFORCEMENT = 1.1;

export function decayed(
  last: { value: number; at: Instant },
  category: MemoryCategory,
  now: Instant,
): number {
  return last.value * DECAY_PER_DAY[category] ** (Math.max(0, now - last.at) / DAY_MS);
}
