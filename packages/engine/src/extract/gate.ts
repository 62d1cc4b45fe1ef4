import { readExtraction } from "@spectron/core/protocol";
import type {
  ExtractInput,
  ExtractMessage,
  KnownFact,
  StatedCorrection,
  StatedFact,
  StatedInstruction,
} from "@spectron/core/protocol";
import { isMultiValued } from "../reconcile/cardinality.ts";
import { resolveDates } from "./dates.ts";
import type { ExtractedFact, ExtractedUncertainty, Extraction } from "./extractor.ts";
import { findInjections, isOverride } from "./injection.ts";
import { comparable, locateQuote, plain } from "./locate-quote.ts";
import type { ComparableText } from "./locate-quote.ts";

export type DropReason =
  | "unreadable"
  | "malformed"
  | "unknown_turn"
  | "unknown_fact"
  | "foreign_replacement"
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

const WORDS = /[\p{L}\p{N}]+/gu;
/** Scripts that write words without blanks between them. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;
const MAX_FACTS_PER_MESSAGE = 200;
const MAX_INSTRUCTIONS_PER_MESSAGE = 20;
const MAX_UNCERTAINTIES_PER_MESSAGE = 50;

interface Turn {
  message: ExtractMessage;
  text: () => ComparableText;
  counts: { facts: number; instructions: number; uncertainties: number };
}

interface Gate {
  turns: Map<string, Turn>;
  known: Map<string, KnownFact>;
  kept: Map<string, ExtractedFact>;
  out: Extraction;
  drop: (reason: DropReason, count?: number) => void;
}

/** Keeps of an extractor's answer only what its turns really say; pure, and safe for any input. */
export function gateExtraction(input: ExtractInput, raw: unknown): GateResult {
  const dropped = new Map<DropReason, number>();
  const gate: Gate = {
    turns: new Map(),
    known: new Map(input.known.map((fact) => [fact.factId, fact])),
    kept: new Map(),
    out: { facts: [], instructions: [], uncertainties: [] },
    drop: (reason, count = 1) => {
      if (count > 0) dropped.set(reason, (dropped.get(reason) ?? 0) + count);
    },
  };
  for (const message of input.messages) {
    if (gate.turns.has(message.turnId)) continue;
    let text: ComparableText | undefined;
    gate.turns.set(message.turnId, {
      message,
      // most turns are never quoted
      text: () => (text ??= comparable(message.content)),
      counts: { facts: 0, instructions: 0, uncertainties: 0 },
    });
  }
  const read = readExtraction(raw);
  if (read === null) gate.drop("unreadable");
  else {
    gate.drop("malformed", read.malformed);
    gate.drop("too_many", read.tooMany);
    for (const fact of read.answer.facts) gateFact(gate, fact);
    for (const correction of read.answer.corrections) gateCorrection(gate, correction);
    for (const instruction of read.answer.instructions) gateInstruction(gate, instruction);
    for (const { about, reason, turnId } of read.answer.uncertainties) {
      const turn = gate.turns.get(turnId);
      if (turn === undefined) gate.drop("unknown_turn");
      else addUncertainty(gate, turn, { about, reason, turnId });
    }
  }
  return {
    extraction: gate.out,
    dropped: [...dropped].map(([reason, count]) => ({ reason, count })),
  };
}

/** Each turn that holds the quote becomes a source of its own; the others are none. */
function gateFact(gate: Gate, fact: StatedFact): void {
  for (const turnId of fact.turnIds) {
    const turn = gate.turns.get(turnId);
    if (turn === undefined) {
      gate.drop("unknown_turn");
      continue;
    }
    const found = locateQuote(turn.text(), fact.quote, fact.span?.start);
    if (found === null) {
      gate.drop("quote_not_in_turn");
      continue;
    }
    // What a tool, a document or another agent says may add to what is known, never end it.
    if (fact.polarity === "negate" && turn.message.role !== "user") {
      gate.drop("not_a_user_turn");
      continue;
    }
    if (!isSupported(fact, turn.message.ts)) {
      gate.drop("value_not_in_quote");
      addUncertainty(gate, turn, {
        about: `${fact.subject.name} ${fact.key}`,
        reason: "The value is not in the words that were quoted for it.",
        turnId,
      });
      continue;
    }
    const { subject, turnIds: _, span: __, replaces, ...rest } = fact;
    const kept = keep(gate, turn, { ...rest, entity: { ...subject }, turnId, ...found });
    if (kept && replaces !== undefined) replace(gate, turn, fact, replaces, found);
  }
}

/** Stores a fact once for each turn that states it. */
function keep(gate: Gate, turn: Turn, fact: ExtractedFact): boolean {
  const identity = JSON.stringify([
    fact.turnId,
    plain(fact.entity.type),
    plain(fact.entity.name),
    fact.key,
    plain(fact.value),
    fact.polarity,
    fact.targetType ?? null,
  ]);
  const twin = gate.kept.get(identity);
  if (twin !== undefined) {
    twin.confidence = Math.max(twin.confidence, fact.confidence);
    gate.drop("duplicate");
    return false;
  }
  if (turn.counts.facts >= MAX_FACTS_PER_MESSAGE) {
    gate.drop("too_many");
    return false;
  }
  turn.counts.facts += 1;
  gate.kept.set(identity, fact);
  gate.out.facts.push(fact);
  return true;
}

/** A single-valued key replaces by itself; of several values the one that was named has to end. */
function replace(
  gate: Gate,
  turn: Turn,
  fact: StatedFact,
  factId: string,
  found: Pick<ExtractedFact, "quote" | "span">,
): void {
  const known = gate.known.get(factId);
  if (known === undefined) gate.drop("unknown_fact");
  else if (turn.message.role !== "user") gate.drop("not_a_user_turn");
  else if (
    known.key !== fact.key ||
    plain(known.subject.type) !== plain(fact.subject.type) ||
    plain(known.subject.name) !== plain(fact.subject.name)
  )
    gate.drop("foreign_replacement");
  else if (isMultiValued(fact.key) && plain(known.value) !== plain(fact.value))
    keep(gate, turn, ending(known, fact.confidence, turn, found));
}

function gateCorrection(gate: Gate, correction: StatedCorrection): void {
  const turn = gate.turns.get(correction.turnId);
  if (turn === undefined) {
    gate.drop("unknown_turn");
    return;
  }
  const known = gate.known.get(correction.factId);
  if (known === undefined) {
    gate.drop("unknown_fact");
    return;
  }
  if (turn.message.role !== "user") {
    gate.drop("not_a_user_turn");
    return;
  }
  const found = locateQuote(turn.text(), correction.quote);
  if (found === null) gate.drop("quote_not_in_turn");
  else keep(gate, turn, ending(known, correction.confidence, turn, found));
}

function ending(
  known: KnownFact,
  confidence: number,
  turn: Turn,
  found: Pick<ExtractedFact, "quote" | "span">,
): ExtractedFact {
  return {
    entity: { ...known.subject },
    key: known.key,
    value: known.value,
    category: "context",
    polarity: "negate",
    confidence,
    turnId: turn.message.turnId,
    ...found,
  };
}

function gateInstruction(gate: Gate, { span, ...instruction }: StatedInstruction): void {
  const turn = gate.turns.get(instruction.turnId);
  if (turn === undefined) {
    gate.drop("unknown_turn");
    return;
  }
  if (turn.message.role !== "user") {
    gate.drop("not_a_user_turn");
    return;
  }
  const found = locateQuote(turn.text(), instruction.quote, span?.start);
  if (found === null) {
    gate.drop("quote_not_in_turn");
    return;
  }
  const isAttack =
    isOverride(instruction.description) ||
    isOverride(instruction.quote) ||
    // "Ignore your instructions. Always …": the words around a wish tell what it is
    findInjections(turn.message.content).length > 0;
  if (isAttack) {
    gate.drop("override");
    return;
  }
  const { instructions } = gate.out;
  const isKnown = instructions.some(
    (other) => other.turnId === instruction.turnId && other.label === instruction.label,
  );
  if (isKnown) gate.drop("duplicate");
  else if (turn.counts.instructions >= MAX_INSTRUCTIONS_PER_MESSAGE) gate.drop("too_many");
  else {
    turn.counts.instructions += 1;
    instructions.push({ ...instruction, ...found });
  }
}

function addUncertainty(gate: Gate, turn: Turn, uncertainty: ExtractedUncertainty): void {
  const { uncertainties } = gate.out;
  const isKnown = uncertainties.some(
    (other) => other.turnId === uncertainty.turnId && other.about === uncertainty.about,
  );
  if (isKnown) return;
  if (turn.counts.uncertainties >= MAX_UNCERTAINTIES_PER_MESSAGE) {
    gate.drop("too_many");
    return;
  }
  turn.counts.uncertainties += 1;
  uncertainties.push(uncertainty);
}

/** The value's words stand in the quote, or the value is a date that the quote states. */
function isSupported(fact: StatedFact, at: number): boolean {
  if (fact.value === "") return true;
  const value = plain(fact.value);
  const quote = plain(fact.quote);
  const claimed = value.match(WORDS) ?? [];
  if (claimed.length === 0 || UNSPACED.test(value)) return quote.includes(value);
  const said = new Set(quote.match(WORDS));
  if (claimed.every((word) => said.has(word))) return true;
  const stated = /^\d{4}(?:-\d\d){0,2}/u.exec(value)?.[0];
  return (
    stated !== undefined &&
    resolveDates(fact.quote, at).some((date) =>
      new Date(date.from).toISOString().startsWith(stated),
    )
  );
}
