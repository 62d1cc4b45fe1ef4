import {
  dayRange,
  daysBefore,
  monthRange,
  seasonRange,
  unitsBefore,
  weekRange,
  weekendRange,
  yearRange,
} from "./date-range.ts";
import type { DateRange, DateUnit } from "./date-range.ts";

export interface DateMatch {
  start: number;
  end: number;
  /** Null: the words are no date, and no other parser may read them as one. */
  range: DateRange | null;
  /** The range is a beginning: "for five years" lasts until now. */
  ongoing?: boolean | undefined;
}

interface DatePattern {
  pattern: RegExp;
  read: (
    groups: Record<string, string | undefined>,
    at: number,
    before: string,
  ) => {
    range: DateRange | null;
    ongoing?: boolean | undefined;
  };
}

const NUMBER_WORDS: Readonly<Record<string, number>> = {
  a: 1,
  an: 1,
  one: 1,
  two: 2,
  "a couple": 2,
  "a couple of": 2,
  "couple of": 2,
  three: 3,
  "a few": 3,
  few: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  fifteen: 15,
  twenty: 20,
  thirty: 30,
};
const WEEKDAYS = ["su", "mo", "tu", "we", "th", "fr", "sa"] as const;
const MONTH_STEMS = [
  "jan",
  "feb",
  "mar",
  "apr",
  "may",
  "jun",
  "jul",
  "aug",
  "sep",
  "oct",
  "nov",
  "dec",
];
const STEPS: Readonly<Record<string, number>> = { last: -1, past: -1, this: 0, next: 1, coming: 1 };

function count(word: string | undefined): number {
  const text = (word ?? "").toLowerCase();
  return NUMBER_WORDS[text] ?? Number(text);
}

function step(word: string | undefined): number {
  return STEPS[(word ?? "").toLowerCase()] ?? 0;
}

/** What the date library misses or reads forwards; tried first. */
const PATTERNS: readonly DatePattern[] = [
  {
    pattern:
      /\b(?<n>\d{1,2}|a couple of|couple of|a few|few|one|two|three|four|five|six|a) weekends? ago\b/giu,
    read: ({ n }, at) => ({ range: weekendRange(at, -count(n)) }),
  },
  {
    pattern: /\b(?<step>last|past|this|next|coming) weekend\b/giu,
    read: (groups, at) => ({ range: weekendRange(at, step(groups["step"])) }),
  },
  {
    pattern: /\b(?<step>last|this|next) week\b/giu,
    read: (groups, at) => ({ range: weekRange(daysBefore(at, -7 * step(groups["step"]))) }),
  },
  {
    pattern: /\b(?<step>last|this|next) (?<season>spring|summer|autumn|fall|winter)\b/giu,
    read: (groups, at) => ({
      range: seasonRange(at, (groups["season"] ?? "").toLowerCase(), step(groups["step"])),
    }),
  },
  {
    pattern:
      /\b(?:for|over) (?:the (?:last |past )?|(?:about|around|almost|nearly|over|more than|at least) )?(?<n>\d{1,2}|a couple of|a couple|a few|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty) (?<unit>day|week|month|year)s?\b(?! ago)/giu,
    read: ({ n, unit }, at, before) =>
      // Only a perfect tense reaches until now; "I lived there for a year" gives no date.
      /(?:'ve|’ve|\bhave|\bhas|\bbeen|'s|’s)\b[^.!?]{0,60}$/iu.test(before)
        ? {
            range: unitsBefore(at, count(n), (unit ?? "day").toLowerCase() as DateUnit),
            ongoing: true,
          }
        : { range: null },
  },
  {
    pattern:
      /\b(?:(?<step>last|this|next|past|on) )(?<day>mon|tues?|weds?|thurs?|thu|fri|sat|sun)(?:day|nesday|sday|rsday|urday)?\b\.?(?! and\b)/giu,
    read: (groups, at) => {
      const wanted = WEEKDAYS.indexOf(
        (groups["day"] ?? "").slice(0, 2).toLowerCase() as (typeof WEEKDAYS)[number],
      );
      const today = new Date(at).getUTCDay();
      const forward = (wanted - today + 7) % 7;
      const back = (today - wanted + 7) % 7;
      switch ((groups["step"] ?? "").toLowerCase()) {
        case "next":
        case "this":
          return { range: dayRange(daysBefore(at, -(forward === 0 ? 7 : forward))) };
        case "on":
          return { range: dayRange(daysBefore(at, back <= forward ? back : -forward)) };
        default:
          return { range: dayRange(daysBefore(at, back === 0 ? 7 : back)) };
      }
    },
  },
  {
    pattern:
      /\blast (?<month>january|february|march|april|may|june|july|august|september|october|november|december)\b/giu,
    read: ({ month }, at) => {
      const wanted = MONTH_STEMS.indexOf((month ?? "").slice(0, 3).toLowerCase());
      const now = new Date(at);
      const year = now.getUTCFullYear() - (wanted >= now.getUTCMonth() ? 1 : 0);
      return { range: monthRange(year, wanted) };
    },
  },
  {
    pattern: /\bthe other (?:day|night|morning|evening|week)\b/giu,
    read: (_, at) => ({
      range: { from: dayRange(daysBefore(at, 4)).from, to: dayRange(at).to, precision: "about" },
    }),
  },
  {
    pattern:
      /\b(?:in|since|during|back in|until|till|from|by) (?<year>(?:19|20)\d\d)\b(?!-|\/|\.\d)/giu,
    read: ({ year }) => ({ range: yearRange(Number(year)) }),
  },
];

/** Dates that our own patterns read in the text, earlier patterns first. */
export function matchOwnDates(text: string, at: number): DateMatch[] {
  const found: DateMatch[] = [];
  for (const { pattern, read } of PATTERNS) {
    for (const match of text.matchAll(pattern)) {
      const start = match.index;
      const end = start + match[0].length;
      if (found.some((other) => start < other.end && other.start < end)) continue;
      found.push({ start, end, ...read(match.groups ?? {}, at, text.slice(0, start)) });
    }
  }
  return found;
}
