import type { MemoryCategory } from "@spectron/core/protocol";
import { resolveDates } from "./dates.ts";
import type {
  ExtractedFact,
  ExtractedInstruction,
  ExtractedUncertainty,
  Extraction,
  ExtractInput,
  ExtractMessage,
  Span,
} from "./extractor.ts";
import { parseRaw } from "./parse-raw.ts";
import { OVERRIDE } from "./rules/instructions.ts";

export type DropReason =
  | "unreadable"
  | "malformed"
  | "unknown_turn"
  | "quote_not_in_turn"
  | "value_not_in_quote"
  | "not_a_user_turn"
  | "override"
  | "duplicate"
  | "too_many";

export interface GateResult {
  extraction: Extraction;
  dropped: { reason: DropReason; count: number }[];
}

const MAX_FACTS_PER_MESSAGE = 200;
const MAX_INSTRUCTIONS_PER_MESSAGE = 20;
const MAX_UNCERTAINTIES_PER_MESSAGE = 50;
/** Items of one kind that are looked at in all; what a runaway model adds behind is only counted. */
const MAX_READ = 20_000;
const MAX_KEY = 80;
const MAX_NAME = 200;
const MAX_VALUE = 1000;
const MAX_QUOTE = 4000;

interface Turn {
  message: ExtractMessage;
  /** Normalised text, and for each of its units the offset in the original. */
  text: string;
  offsets: number[];
  counts: { facts: number; instructions: number; uncertainties: number };
}

interface Gate {
  turns: Map<string, Turn>;
  drop: (reason: DropReason, count?: number) => null;
}

/** Keeps of an extractor's answer only what its turns really say; pure, and safe for any input. */
export function gateExtraction(input: ExtractInput, raw: unknown): GateResult {
  const dropped = new Map<DropReason, number>();
  const gate: Gate = {
    turns: new Map(),
    drop: (reason, count = 1) => {
      dropped.set(reason, (dropped.get(reason) ?? 0) + count);
      return null;
    },
  };
  for (const message of input.messages) {
    if (gate.turns.has(message.turnId)) continue;
    gate.turns.set(message.turnId, {
      message,
      ...normalized(message.content),
      counts: { facts: 0, instructions: 0, uncertainties: 0 },
    });
  }
  const extraction: Extraction = { facts: [], instructions: [], uncertainties: [] };
  const parsed = parseRaw(raw);
  if (parsed === null) gate.drop("unreadable");
  else {
    gateFacts(gate, items(gate, parsed["facts"]), extraction);
    gateInstructions(gate, items(gate, parsed["instructions"]), extraction);
    gateUncertainties(gate, items(gate, parsed["uncertainties"]), extraction);
  }
  return { extraction, dropped: [...dropped].map(([reason, count]) => ({ reason, count })) };
}

function items(gate: Gate, value: unknown): Record<string, unknown>[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    gate.drop("malformed");
    return [];
  }
  if (value.length > MAX_READ) gate.drop("too_many", value.length - MAX_READ);
  return value.slice(0, MAX_READ).flatMap((item: unknown) => {
    if (isObject(item)) return [item];
    gate.drop("malformed");
    return [];
  });
}

function gateFacts(gate: Gate, raw: readonly Record<string, unknown>[], out: Extraction): void {
  const kept = new Map<string, ExtractedFact>();
  for (const item of raw) {
    const turn = turnOf(gate, item);
    if (turn === null) continue;
    const fact = readFact(item, turn);
    if (fact === null) {
      gate.drop("malformed");
      continue;
    }
    const found = locate(turn, fact.quote, item["span"]);
    if (found === null) {
      gate.drop("quote_not_in_turn");
      continue;
    }
    const identity = JSON.stringify([
      fact.turnId,
      plain(fact.entity.type),
      plain(fact.entity.name),
      fact.key,
      plain(fact.value),
      fact.polarity,
      fact.targetType ?? null,
    ]);
    const twin = kept.get(identity);
    if (twin !== undefined) {
      twin.confidence = Math.max(twin.confidence, fact.confidence);
      gate.drop("duplicate");
      continue;
    }
    if (!isSupported(fact, turn.message.at)) {
      gate.drop("value_not_in_quote");
      addUncertainty(gate, turn, out, {
        about: `${fact.entity.name} ${fact.key}`,
        reason: "The value is not in the words that were quoted for it.",
        turnId: fact.turnId,
      });
      continue;
    }
    if (turn.counts.facts >= MAX_FACTS_PER_MESSAGE) {
      gate.drop("too_many");
      continue;
    }
    turn.counts.facts += 1;
    const checked = { ...fact, quote: found.quote, span: found.span };
    kept.set(identity, checked);
    out.facts.push(checked);
  }
}

function gateInstructions(
  gate: Gate,
  raw: readonly Record<string, unknown>[],
  out: Extraction,
): void {
  const kept = new Set<string>();
  for (const item of raw) {
    const turn = turnOf(gate, item);
    if (turn === null) continue;
    if (turn.message.role !== "user") {
      gate.drop("not_a_user_turn");
      continue;
    }
    const instruction = readInstruction(item, turn);
    if (instruction === null) {
      gate.drop("malformed");
      continue;
    }
    const found = locate(turn, instruction.quote, item["span"]);
    if (found === null) {
      gate.drop("quote_not_in_turn");
      continue;
    }
    if (OVERRIDE.test(instruction.description) || OVERRIDE.test(instruction.quote)) {
      gate.drop("override");
      continue;
    }
    const identity = JSON.stringify([instruction.turnId, instruction.label]);
    if (kept.has(identity)) {
      gate.drop("duplicate");
      continue;
    }
    if (turn.counts.instructions >= MAX_INSTRUCTIONS_PER_MESSAGE) {
      gate.drop("too_many");
      continue;
    }
    turn.counts.instructions += 1;
    kept.add(identity);
    out.instructions.push({ ...instruction, quote: found.quote, span: found.span });
  }
}

function gateUncertainties(
  gate: Gate,
  raw: readonly Record<string, unknown>[],
  out: Extraction,
): void {
  for (const item of raw) {
    const turn = turnOf(gate, item);
    if (turn === null) continue;
    const about = words(item["about"], MAX_NAME);
    const reason = words(item["reason"], MAX_VALUE);
    if (about === null || reason === null) gate.drop("malformed");
    else addUncertainty(gate, turn, out, { about, reason, turnId: turn.message.turnId });
  }
}

function addUncertainty(
  gate: Gate,
  turn: Turn,
  out: Extraction,
  uncertainty: ExtractedUncertainty,
): void {
  const isKnown = out.uncertainties.some(
    (other) => other.turnId === uncertainty.turnId && other.about === uncertainty.about,
  );
  if (isKnown) return;
  if (turn.counts.uncertainties >= MAX_UNCERTAINTIES_PER_MESSAGE) {
    gate.drop("too_many");
    return;
  }
  turn.counts.uncertainties += 1;
  out.uncertainties.push(uncertainty);
}

function turnOf(gate: Gate, item: Record<string, unknown>): Turn | null {
  const id = item["turnId"];
  if (typeof id !== "string") return gate.drop("malformed");
  return gate.turns.get(id) ?? gate.drop("unknown_turn");
}

function readFact(item: Record<string, unknown>, turn: Turn): ExtractedFact | null {
  const entity = item["entity"];
  const key = words(item["key"], MAX_KEY);
  const quote = words(item["quote"], MAX_QUOTE);
  const polarity = item["polarity"] ?? "affirm";
  const value =
    item["value"] === "" && polarity === "negate" ? "" : words(item["value"], MAX_VALUE);
  if (!isObject(entity) || key === null || quote === null || value === null) return null;
  const type = words(entity["type"], MAX_KEY);
  const name = words(entity["name"], MAX_NAME);
  if (type === null || name === null || (polarity !== "affirm" && polarity !== "negate"))
    return null;
  const targetType =
    item["targetType"] === undefined ? undefined : words(item["targetType"], MAX_KEY);
  const confidence = readConfidence(item["confidence"]);
  if (targetType === null || confidence === null) return null;
  const validFrom = instant(item["validFrom"]);
  const validUntil = instant(item["validUntil"]);
  if (validFrom !== undefined && validUntil !== undefined && validUntil < validFrom) return null;
  return {
    entity: { type, name },
    key: key.startsWith("other:") ? `other:${keySlug(key.slice(6))}` : keySlug(key),
    value,
    ...(targetType === undefined ? {} : { targetType }),
    category: category(item["category"]),
    polarity,
    confidence,
    ...(validFrom === undefined ? {} : { validFrom }),
    ...(validUntil === undefined ? {} : { validUntil }),
    turnId: turn.message.turnId,
    quote,
    span: null,
  };
}

function readInstruction(item: Record<string, unknown>, turn: Turn): ExtractedInstruction | null {
  const label = words(item["label"], MAX_KEY);
  const quote = words(item["quote"], MAX_QUOTE);
  const active = item["active"] ?? true;
  const description =
    active === false && item["description"] === "" ? "" : words(item["description"], MAX_VALUE);
  const confidence = readConfidence(item["confidence"]);
  if (label === null || quote === null || description === null || confidence === null) return null;
  if (typeof active !== "boolean") return null;
  return {
    label: keySlug(label).replaceAll("_", "-"),
    description,
    active,
    confidence,
    turnId: turn.message.turnId,
    quote,
    span: null,
  };
}

function keySlug(key: string): string {
  return key
    .normalize("NFKC")
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/gu, "_");
}

function category(value: unknown): MemoryCategory {
  return value === "identity" || value === "knowledge" ? value : "context";
}

function readConfidence(value: unknown): number | null {
  if (value === undefined) return 0.5;
  return typeof value === "number" && Number.isFinite(value)
    ? Math.min(1, Math.max(0, value))
    : null;
}

function instant(value: unknown): number | undefined {
  if (typeof value === "number" && Math.abs(value) <= 8.64e15) return value;
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

function words(value: unknown, max: number): string | null {
  if (typeof value !== "string") return null;
  const text = value.trim();
  return text === "" || text.length > max ? null : text;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Compares without case, width, kind of quotation mark and length of blanks, and remembers where each unit was. */
function normalized(content: string): { text: string; offsets: number[] } {
  let text = "";
  const offsets: number[] = [];
  let at = 0;
  for (const character of content) {
    const folded = fold(character);
    for (const unit of folded) {
      if (unit === " " && (text === "" || text.endsWith(" "))) continue;
      text += unit;
      for (let i = 0; i < unit.length; i += 1) offsets.push(at);
    }
    at += character.length;
  }
  offsets.push(content.length);
  return { text, offsets };
}

function fold(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[‘’ʼ`´]/gu, "'")
    .replaceAll(/[“”«»]/gu, '"')
    .replaceAll(/[‐‑‒–—]/gu, "-")
    .replaceAll(/\s/gu, " ");
}

function plain(text: string): string {
  return normalized(text).text.trim();
}

/** Where the turn holds the quote; the extractor's own span only chooses between equal places. */
function locate(turn: Turn, quote: string, hint: unknown): { quote: string; span: Span } | null {
  const needle = plain(quote);
  if (needle === "") return null;
  const wanted = isObject(hint) && typeof hint["start"] === "number" ? hint["start"] : 0;
  let best: Span | null = null;
  for (
    let index = turn.text.indexOf(needle);
    index >= 0;
    index = turn.text.indexOf(needle, index + 1)
  ) {
    const start = turn.offsets[index] ?? 0;
    const end = turn.offsets[index + needle.length] ?? turn.message.content.length;
    if (best !== null && Math.abs(best.start - wanted) <= Math.abs(start - wanted)) break;
    best = { start, end };
  }
  if (best === null) return null;
  const text = turn.message.content.slice(best.start, best.end).trimEnd();
  return { quote: text, span: { start: best.start, end: best.start + text.length } };
}

/** The value's words stand in the quote, or the value is a date that the quote states. */
function isSupported(fact: ExtractedFact, at: number): boolean {
  if (fact.value === "") return true;
  const value = plain(fact.value);
  const quote = plain(fact.quote);
  if (quote.includes(value)) return true;
  const said = new Set(quote.match(/[\p{L}\p{N}]+/gu));
  const claimed = value.match(/[\p{L}\p{N}]+/gu) ?? [];
  if (claimed.length > 0 && claimed.every((word) => said.has(word))) return true;
  const stated = /^\d{4}(?:-\d\d){0,2}/u.test(value) ? value : null;
  return (
    stated !== null &&
    resolveDates(fact.quote, at).some((date) =>
      new Date(date.from).toISOString().startsWith(stated.slice(0, 10)),
    )
  );
}
