import type { NamedDate } from "./question.ts";
import { DATE_FIT } from "./weights.ts";

const DAY_MS = 86_400_000;

/** How well a moment fits the dates that a question names, 0 to 1. */
export function dateFit(at: number, dates: readonly NamedDate[]): number {
  return dates.reduce((best, date) => Math.max(best, fitOne(at, date)), 0);
}

function fitOne(at: number, { year, month, day }: NamedDate): number {
  const said = new Date(at);
  const saidYear = said.getUTCFullYear();
  if (day !== undefined) {
    const meant = Date.UTC(year ?? saidYear, month - 1, day);
    const days = Math.abs(Math.floor(at / DAY_MS) - meant / DAY_MS);
    if (days <= 2) return DATE_FIT.day;
  }
  const saidMonth = saidYear * 12 + said.getUTCMonth();
  const meantMonth = (year ?? saidYear) * 12 + month - 1;
  if (saidMonth === meantMonth) return DATE_FIT.month;
  const after = saidMonth - meantMonth;
  return after === 1 || (year === undefined && after === -11) ? DATE_FIT.monthAfter : 0;
}
