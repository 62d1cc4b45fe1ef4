import { SELF } from "@spectron/core/protocol";
import type {
  ExtractAnswer,
  ExtractMessage,
  Extractor,
  FactSubject,
  KnownFact,
  StatedFact,
} from "@spectron/core/protocol";
import { createLoopShare } from "../loop-share.ts";
import type { LoopShare } from "../loop-share.ts";
import { resolveDates } from "./dates.ts";
import { isJoke, isUnreal, ownWordsEnd, statementEnd } from "./guards.ts";
import { compilePattern } from "./rule.ts";
import type { FactRule, InstructionRule, Reading } from "./rule.ts";
import { FAMILY_RULES } from "./rules/family.ts";
import { IDENTITY_RULES } from "./rules/identity.ts";
import { expandInstruction, INSTRUCTION_RULES } from "./rules/instructions.ts";
import { PLACE_RULES } from "./rules/places.ts";
import { PREFERENCE_RULES } from "./rules/preferences.ts";
import { WORK_RULES } from "./rules/work.ts";
import { clauseStarts, ownVoice, splitSentences } from "./sentences.ts";
import { splitList } from "./values.ts";

interface CompiledFact {
  rule: FactRule;
  pattern: RegExp;
}

interface CompiledInstruction {
  rule: InstructionRule;
  pattern: RegExp;
}

interface Compiled {
  clause: readonly CompiledFact[];
  anywhere: readonly CompiledFact[];
  instructions: readonly CompiledInstruction[];
}

/** One confidence for all rules: a newer plain statement must be able to replace an older one. */
const CONFIDENCE = 0.9;
/** A statement about oneself stands near the front; beyond this a message is a document. */
const MAX_READ = 20_000;
const MAX_SENTENCE = 600;
const FIRST_PERSON = /\b(?:i|i'm|im|my|we|our|me|this is|name's|time ?zone)\b/iu;
const INSTRUCTIVE =
  /\b(?:always|never|please|from now on|going forward|in (?:the )?future|from here on|henceforth|answer|reply|respond|speak|call me|calling me|don't|do not|stop|keep|make|use|no more|avoid|you can|feel free|you no longer)\b/iu;
const DATED_WORD = /\b(?:in|last|this|on|ago|yesterday|today|since|recently|week|month|year)\b/iu;

/** An extractor of patterns: plain first-person statements and lasting instructions, no model. */
export function createRuleExtractor(
  options: {
    /** How it shares the event loop with other work. @default on its own */
    share?: LoopShare | undefined;
  } = {},
): Extractor {
  const share = options.share ?? createLoopShare();
  const compiled = compileRules();
  return {
    name: "rules",
    async extract(input, { signal } = {}) {
      const extraction: ExtractAnswer = {
        facts: [],
        instructions: [],
        uncertainties: [],
        corrections: [],
      };
      for (const message of input.messages) {
        signal?.throwIfAborted();
        if (message.role === "user") readMessage(compiled, message, input.known, extraction);
        await share.rest();
      }
      return extraction;
    },
  };
}

function compileRules(): Compiled {
  const facts = [
    ...IDENTITY_RULES,
    ...PLACE_RULES,
    ...WORK_RULES,
    ...PREFERENCE_RULES,
    ...FAMILY_RULES,
  ].map((rule) => ({ rule, pattern: compilePattern(rule.pattern, rule.anywhere === true) }));
  return {
    clause: facts.filter(({ rule }) => rule.anywhere !== true),
    anywhere: facts.filter(({ rule }) => rule.anywhere === true),
    instructions: INSTRUCTION_RULES.map((rule) => ({
      rule,
      pattern: compilePattern(expandInstruction(rule.pattern)),
    })),
  };
}

function readMessage(
  compiled: Compiled,
  message: ExtractMessage,
  known: readonly KnownFact[],
  extraction: ExtractAnswer,
): void {
  const { content, speaker } = message;
  const lead = speaker !== undefined && content.trimStart().startsWith(`${speaker}:`);
  const bodyStart = lead ? content.indexOf(":") + 1 : 0;
  const text = ownVoice(content.slice(0, MAX_READ));
  if (!FIRST_PERSON.test(text) && !INSTRUCTIVE.test(text)) return;
  const ownEnd = ownWordsEnd(text);
  const joke = isJoke(text);
  for (const { start, end } of splitSentences(text, bodyStart)) {
    if (start >= ownEnd) return;
    const sentence = text.slice(start, Math.min(end, ownEnd));
    if (sentence.length > MAX_SENTENCE) continue;
    const mayState = !joke && FIRST_PERSON.test(sentence);
    const mayInstruct = !joke && speaker === undefined && INSTRUCTIVE.test(sentence);
    if (!mayState && !mayInstruct) continue;
    const starts = clauseStarts(sentence);
    if (mayInstruct) readInstructions(compiled, message, sentence, start, starts, extraction);
    if (mayState) readFacts(compiled, message, known, sentence, start, starts, extraction);
  }
}

function readFacts(
  compiled: Compiled,
  message: ExtractMessage,
  known: readonly KnownFact[],
  sentence: string,
  offset: number,
  starts: readonly number[],
  extraction: ExtractAnswer,
): void {
  const limit = statementEnd(sentence);
  if (limit === 0) return;
  const stated = sentence.slice(0, limit);
  const reading: Reading = {
    sentence: stated,
    lowerCase: !/\p{Lu}/u.test(stated),
    spoken: message.speaker !== undefined,
  };
  const take = (rule: FactRule, match: RegExpExecArray): void => {
    const end = match.index + match[0].length;
    if (isUnreal(stated, match.index, end)) return;
    for (const fact of draft(rule, match, reading, message, offset, known)) {
      if (!extraction.facts.some((other) => isSame(other, fact))) extraction.facts.push(fact);
    }
  };
  for (const start of starts) {
    if (start >= limit) continue;
    for (const { rule, pattern } of compiled.clause) {
      pattern.lastIndex = start;
      const match = pattern.exec(stated);
      if (match !== null) take(rule, match);
    }
  }
  for (const { rule, pattern } of compiled.anywhere) {
    for (const match of stated.matchAll(pattern)) take(rule, match);
  }
}

function draft(
  rule: FactRule,
  match: RegExpExecArray,
  reading: Reading,
  message: ExtractMessage,
  offset: number,
  known: readonly KnownFact[],
): StatedFact[] {
  const groups: Record<string, string | undefined> = match.groups ?? {};
  const key = typeof rule.key === "string" ? rule.key : rule.key(groups);
  const raw = rule.fixed ?? groups[rule.group ?? "v"];
  if (key === null || raw === undefined || raw.includes("\u0000")) return [];
  const values: string[] = [];
  for (const item of rule.list === true ? splitList(raw) : [raw.trim()]) {
    const accepted = rule.accept === undefined ? item : rule.accept(item, reading);
    if (accepted === null) {
      // A list is only as good as its first item; a later one may be the next clause.
      if (values.length === 0 && rule.list === true) return [];
      continue;
    }
    values.push(rule.value === undefined ? accepted : rule.value({ ...groups, v: accepted }));
  }
  const start = offset + match.index;
  const end = start + match[0].trimEnd().length;
  const validFrom =
    rule.dated === true ? statedDate(reading.sentence, match, message.ts) : undefined;
  const subject: FactSubject =
    message.speaker === undefined ? { ...SELF } : { type: "person", name: message.speaker };
  return values.map((value) => ({
    subject,
    key,
    value,
    ...(rule.targetType === undefined ? {} : { targetType: rule.targetType }),
    category: rule.category,
    polarity: rule.polarity ?? "affirm",
    confidence: CONFIDENCE,
    ...(validFrom === undefined || contradictsKnown(known, subject, key, value, validFrom)
      ? {}
      : { validFrom }),
    turnIds: [message.turnId],
    quote: message.content.slice(start, end),
    span: { start, end },
  }));
}

/** The past date that the sentence gives for a change: the nearest behind the words, else the only one. */
function statedDate(sentence: string, match: RegExpExecArray, at: number): number | undefined {
  if (!DATED_WORD.test(sentence)) return undefined;
  const dates = resolveDates(sentence, at).filter((date) => date.to !== undefined);
  const end = match.index + match[0].length;
  const behind = dates.find((date) => date.start >= end && date.start - end <= 24);
  const date = behind ?? (dates.length === 1 ? dates[0] : undefined);
  if (date === undefined) return undefined;
  if (date.from <= at) return date.from;
  // A bare month resolves to the nearest one; what has happened lies in the past.
  if (date.precision !== "month" || /\d{4}/u.test(date.text)) return undefined;
  const month = new Date(date.from);
  return Date.UTC(month.getUTCFullYear() - 1, month.getUTCMonth());
}

/** A date older than another known value would file the new value as history; then the time of saying decides. */
function contradictsKnown(
  known: readonly KnownFact[],
  subject: FactSubject,
  key: string,
  value: string,
  validFrom: number,
): boolean {
  return known.some(
    (fact) =>
      fact.key === key &&
      fact.subject.name === subject.name &&
      fact.value !== value &&
      fact.validFrom > validFrom,
  );
}

function isSame(a: StatedFact, b: StatedFact): boolean {
  return (
    a.turnIds[0] === b.turnIds[0] &&
    a.key === b.key &&
    a.polarity === b.polarity &&
    a.value.toLowerCase() === b.value.toLowerCase() &&
    a.subject.name === b.subject.name
  );
}

function readInstructions(
  compiled: Compiled,
  message: ExtractMessage,
  sentence: string,
  offset: number,
  starts: readonly number[],
  extraction: ExtractAnswer,
): void {
  for (const start of starts) {
    for (const { rule, pattern } of compiled.instructions) {
      pattern.lastIndex = start;
      const match = pattern.exec(sentence);
      if (match === null || match[0].includes("\u0000")) continue;
      const groups = match.groups ?? {};
      const label = rule.label(groups);
      if (label === null || isUnreal(sentence, start, start)) continue;
      const from = offset + match.index;
      const to = from + match[0].trimEnd().length;
      const quote = message.content.slice(from, to);
      const isKnown = extraction.instructions.some(
        (other) => other.turnId === message.turnId && other.label === label,
      );
      if (!isKnown) {
        extraction.instructions.push({
          label,
          description: rule.active ? rule.describe(groups, quote) : quote,
          active: rule.active,
          confidence: CONFIDENCE,
          turnId: message.turnId,
          quote,
          span: { start: from, end: to },
        });
      }
      break;
    }
  }
}
