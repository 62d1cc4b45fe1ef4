/** Why hits stand where they stand, by column: a list of objects would say every name again for each hit. */
export interface Reasons {
  /** In the order of the hits. */
  ids: string[];
  scores: number[];
  /** By name of the signal its part of each hit's score; 0 where it says nothing. */
  signals: Record<string, number[]>;
}

export interface Reason {
  id: string;
  rank: number;
  score: number;
  /** The strongest first. */
  signals: Record<string, number>;
}

export function packReasons(
  hits: readonly { id: string; score: number; signals: Readonly<Record<string, number>> }[],
): Reasons {
  const columns = new Map<string, number[]>();
  for (const [at, { signals }] of hits.entries())
    for (const name in signals) {
      const value = round(signals[name] ?? 0);
      if (value === 0) continue;
      let column = columns.get(name);
      if (column === undefined) {
        column = hits.map(() => 0);
        columns.set(name, column);
      }
      column[at] = value;
    }
  return {
    ids: hits.map(({ id }) => id),
    scores: hits.map(({ score }) => round(score)),
    signals: Object.fromEntries(columns),
  };
}

export function unpackReasons({ ids, scores, signals }: Reasons): Reason[] {
  const columns = Object.entries(signals);
  return ids.map((id, at) => ({
    id,
    rank: at + 1,
    score: scores[at] ?? 0,
    signals: Object.fromEntries(
      columns
        .map(([name, values]): [string, number] => [name, values[at] ?? 0])
        .filter(([, value]) => value !== 0)
        .toSorted(([, a], [, b]) => Math.abs(b) - Math.abs(a)),
    ),
  }));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
