import { analyze, fold } from "./analyze.ts";
import type { Pool } from "./pool.ts";

/** A day, or a month when `day` is absent; without a year it means every year. */
export interface NamedDate {
  year?: number | undefined;
  /** 1 to 12. */
  month: number;
  day?: number | undefined;
}

/** What a question asks for. */
export interface Question {
  /** Distinct content terms, without the names of speakers. */
  terms: readonly string[];
  /** Speakers that it names. */
  about: ReadonlySet<string>;
  /** Side of the conversation that it asks about when it names nobody: "my" is the user, "did you suggest" the assistant. */
  role?: "user" | "assistant" | undefined;
  dates: readonly NamedDate[];
  asksWhen: boolean;
  /** It speaks of how things are now, not of how they were. */
  isPresent: boolean;
}

const MONTHS: readonly string[] =
  /* @__PURE__ */ "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const MONTH =
  "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?";
const YEAR = "((?:19|20)\\d\\d)";
const DAY = "(\\d{1,2})(?:st|nd|rd|th)?";
const ISO_DATE = /\b((?:19|20)\d\d)-(\d\d)(?:-(\d\d))?\b/gu;
const DAY_MONTH: RegExp = /* @__PURE__ */ new RegExp(
  `\\b${DAY}(?: of)? ${MONTH}(?:,? ${YEAR})?\\b`,
  "gu",
);
const MONTH_DAY: RegExp = /* @__PURE__ */ new RegExp(
  `\\b${MONTH} ${DAY}\\b(?:,? ${YEAR}\\b)?`,
  "gu",
);
const MONTH_YEAR: RegExp = /* @__PURE__ */ new RegExp(`\\b${MONTH},? ${YEAR}\\b`, "gu");
/** A month by itself; "may" and "march" are verbs unless a word before them makes them a time. */
const MONTH_ALONE: RegExp = /* @__PURE__ */ new RegExp(
  `\\b(?:(?:in|during|since|until|by|of|last|this|early|mid|late|throughout|before|after)[ -]${MONTH}|(january|february|april|june|july|august|september|october|november|december))(?= |[,.?!]|$)`,
  "gu",
);
const WHEN =
  /\b(?:when|what (?:day|date|month|year|time)|which (?:day|date|month|year|week|weekend)|how long|how many (?:days|weeks|months|years)|since when)\b/u;
const PRESENT =
  /\b(?:still|now|nowadays|current|currently|latest|newest|most recent|anymore|any more|any longer|these days|at the moment|at present|presently|as of today|up to date)\b/u;

/** "Where do I live?", "What is my job?": the user asks how things are with them. */
const MY_PRESENT =
  /\b(?:do i|am i|is my|are my|my \w+(?: \w+)? (?:is|are)|i (?:like|love|prefer|live|work|own|have))\b|\bwhat's my\b|\bwho's my\b/u;
const PAST =
  /\b(?:did|was|were|had|have i|i've|used to|would|will|when|ago|last|before|previous(?:ly)?|originally|first|how many times)\b/u;

const ASSISTANT_SAID =
  /\byou (?:had |have |just |also |previously |earlier )*(?:recommend|suggest|tell|told|said|say|mention|gave|give|given|explain|list|provide|wrote|write|written|propose|advise|describe|share|create|generate|recall)/u;
const FIRST_PERSON = /\b(?:i|i'(?:m|ve|d|ll)|my|mine|me)\b/u;

const PRESENT_WORDS: RegExp = /* @__PURE__ */ new RegExp(PRESENT, "gu");

/** Reads a question: its terms, whom and which dates it names, whether it asks for a time or for the present. */
export function readQuestion(text: string, pool: Pool, now?: number): Question {
  const folded = fold(text).replaceAll(/\s+/gu, " ");
  const all = [...new Set(analyze(text))];
  const about = new Set<string>();
  for (const term of all) for (const name of pool.speakers.get(term) ?? []) about.add(name);
  const dates = readDates(folded, now);
  const saysPresent = dates.length === 0 && PRESENT.test(folded);
  const asksPresent =
    dates.length === 0 && about.size === 0 && MY_PRESENT.test(folded) && !PAST.test(folded);
  const topic = new Set(analyze(saysPresent ? folded.replaceAll(PRESENT_WORDS, " ") : text));
  const terms = [...topic].filter((term) => !pool.speakers.has(term));
  return {
    terms: terms.length > 0 ? terms : all,
    about,
    role: ASSISTANT_SAID.test(folded)
      ? "assistant"
      : FIRST_PERSON.test(folded)
        ? "user"
        : undefined,
    dates,
    asksWhen: WHEN.test(folded),
    isPresent: saysPresent || asksPresent,
  };
}

/** Days and months named in a folded text. */
function readDates(folded: string, now?: number): NamedDate[] {
  const dates: NamedDate[] = [];
  let rest = folded;
  const take = (pattern: RegExp, read: (groups: (string | undefined)[]) => NamedDate): void => {
    rest = rest.replaceAll(pattern, (...found: unknown[]) => {
      const date = read(found.map((part) => (typeof part === "string" ? part : undefined)));
      if (date.month >= 1 && date.month <= 12) dates.push(date);
      return " ";
    });
  };
  take(ISO_DATE, ([, year, month, day]) => named(year, Number(month), day));
  take(DAY_MONTH, ([, day, month, year]) => named(year, monthNumber(month), day));
  take(MONTH_YEAR, ([, month, year]) => named(year, monthNumber(month)));
  take(MONTH_DAY, ([, month, day, year]) => named(year, monthNumber(month), day));
  take(MONTH_ALONE, ([, month, other]) => named(undefined, monthNumber(month ?? other)));
  if (now !== undefined) dates.push(...relativeDates(rest, now));
  return dates;
}

function named(year: string | undefined, month: number, day?: string): NamedDate {
  return {
    month,
    ...(year === undefined ? {} : { year: Number(year) }),
    ...(day === undefined ? {} : { day: Number(day) }),
  };
}

function monthNumber(name: string | undefined): number {
  return MONTHS.indexOf((name ?? "").slice(0, 3)) + 1;
}

/** "yesterday", "today", "last month" and "this month", as they are meant at `now`. */
function relativeDates(folded: string, now: number): NamedDate[] {
  const dates: NamedDate[] = [];
  const day = (offset: number): NamedDate => {
    const date = new Date(now + offset * 86_400_000);
    return {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
    };
  };
  if (/\b(?:today|this morning|tonight)\b/u.test(folded)) dates.push(day(0));
  if (/\b(?:yesterday|last night)\b/u.test(folded)) dates.push(day(-1));
  const today = new Date(now);
  const month = today.getUTCFullYear() * 12 + today.getUTCMonth();
  for (const [pattern, at] of [
    [/\bthis month\b/u, month],
    [/\blast month\b/u, month - 1],
  ] as const)
    if (pattern.test(folded)) dates.push({ year: Math.floor(at / 12), month: (at % 12) + 1 });
  return dates;
}
