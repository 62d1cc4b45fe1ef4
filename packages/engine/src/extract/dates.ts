import { casual } from "chrono-node/en";
import type { ParsedResult } from "chrono-node/en";
import { matchOwnDates } from "./date-patterns.ts";
import { dayRange, formatRange, monthRange, weekRange, yearRange } from "./date-range.ts";
import type { DatePrecision, DateRange } from "./date-range.ts";

export interface ResolvedDate {
  /** The words of the text. */
  text: string;
  start: number;
  end: number;
  /** Epoch milliseconds. */
  from: number;
  /** End of the stretch, exclusive; absent when it is still running. */
  to?: number | undefined;
  precision: DatePrecision;
}

/** Without one of these words no parser can find a date, and most messages are spared the parse. */
const MAY_HOLD_DATE =
  /\b(?:today|tonight|tomorrow|yesterday|ago|last|past|next|this|coming|other (?:day|night|morning|evening|week)|before|later|earlier|since|(?:for|in|over|within) (?:the |about |almost |nearly |over )?(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|few|couple)|mon(?:day)?|tue(?:s(?:day)?)?|wed(?:s|nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?|jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|(?:19|20)\d\d)\b|\d[/.-]\d/iu;

/** Words that are a month or weekday only when they stand with a capital. */
const AMBIGUOUS = /^(?:sun|sat|mon|wed|mar|jan|dec|may|march|second|fri)$/u;

/** Longer texts are scanned up to here: a date library's cost grows with its input, a chat line's does not. */
const MAX_SCANNED = 20_000;

/** Finds dates in a text as they were meant at `at` (epoch milliseconds), in UTC whatever the process's time zone. */
export function resolveDates(text: string, at: number): ResolvedDate[] {
  const scanned = text.length > MAX_SCANNED ? text.slice(0, MAX_SCANNED) : text;
  if (!Number.isFinite(at) || !MAY_HOLD_DATE.test(scanned)) return [];
  const own = matchOwnDates(scanned, at);
  const dates = own.flatMap(({ start, end, range, ongoing }) =>
    range === null ? [] : [resolved(scanned, start, end, range, ongoing === true)],
  );
  for (const result of casual.parse(scanned, { instant: new Date(at), timezone: 0 })) {
    const end = result.index + result.text.length;
    if (own.some((other) => result.index < other.end && other.start < end)) continue;
    const range = rangeOf(result, at);
    if (range !== null) dates.push(resolved(scanned, result.index, end, range, false));
  }
  return dates.toSorted((a, b) => a.start - b.start);
}

/** Returns the text with each relative date's meaning in brackets behind it; dates with a year stay as they are. */
export function writeDatesOut(text: string, at: number): string {
  let out = "";
  let done = 0;
  for (const date of resolveDates(text, at)) {
    if (/\d{4}/u.test(date.text) || text[date.end + 1] === "[") continue;
    const meaning = formatRange({ ...date, to: date.to ?? date.from });
    out += `${text.slice(done, date.end)} [${date.to === undefined ? `since ${meaning}` : meaning}]`;
    done = date.end;
  }
  return out + text.slice(done);
}

function resolved(
  text: string,
  start: number,
  end: number,
  range: DateRange,
  ongoing: boolean,
): ResolvedDate {
  return {
    text: text.slice(start, end),
    start,
    end,
    from: range.from,
    ...(ongoing ? {} : { to: range.to }),
    precision: range.precision,
  };
}

function rangeOf(result: ParsedResult, at: number): DateRange | null {
  const { start, end, text } = result;
  if (AMBIGUOUS.test(text) || /^(?:right )?now$/iu.test(text)) return null;
  const year = start.get("year");
  const month = start.get("month");
  const day = start.get("day");
  if (year === null || month === null || day === null) return null;
  // The fields are read one by one because the library's own Date depends on the process's time zone.
  const instant = Date.UTC(year, month - 1, day);
  if (start.isCertain("day") || start.isCertain("weekday")) {
    const from = dayRange(instant);
    if (/\bweeks?\b/iu.test(text)) return weekRange(instant);
    const lastDay = end === null || end === undefined ? null : lastInstant(end);
    return lastDay === null || lastDay < instant ? from : { ...from, to: dayRange(lastDay).to };
  }
  if (start.isCertain("month")) {
    return monthRange(year, month - 1);
  }
  if (start.isCertain("year")) return yearRange(year);
  return /\b(?:today|morning|afternoon|evening|noon)\b/iu.test(text) &&
    /\bthis\b|today/iu.test(text)
    ? dayRange(at)
    : null;
}

function lastInstant(end: NonNullable<ParsedResult["end"]>): number | null {
  const year = end.get("year");
  const month = end.get("month");
  const day = end.get("day");
  return year === null || month === null || day === null ? null : Date.UTC(year, month - 1, day);
}
