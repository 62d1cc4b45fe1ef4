import type {
  ExtractAnswer,
  FactSubject,
  StatedCorrection,
  StatedFact,
  StatedInstruction,
  StatedUncertainty,
  TextSpan,
} from "./extraction.ts";
import type { MemoryCategory } from "./types.ts";

/** Items of one kind that are looked at in all; what a runaway model adds behind is only counted. */
const MAX_ITEMS = 20_000;
const MAX_KEY = 80;
const MAX_NAME = 200;
const MAX_VALUE = 1000;
const MAX_QUOTE = 4000;
const MAX_TURNS = 50;
/** Opening braces tried before the text counts as one without an answer. */
const MAX_TRIES = 5;

export interface ReadExtraction {
  answer: ExtractAnswer;
  /** Items that were left out because they have not the agreed shape. */
  malformed: number;
  /** Items behind the limit, not looked at. */
  tooMany: number;
}

/**
 * Reads an extractor's answer by the agreed shape: an object, or text that holds one, fenced or with prose around it.
 * Items of another shape are left out and counted; null where there is no answer at all.
 */
export function readExtraction(raw: unknown): ReadExtraction | null {
  const parsed = isObject(raw) ? raw : typeof raw === "string" ? parseObject(raw) : null;
  if (parsed === null || !KINDS.some((kind) => kind in parsed)) return null;
  const count = { malformed: 0, tooMany: 0 };
  const list = <Item>(kind: Kind, read: (item: Record<string, unknown>) => Item | null): Item[] => {
    const value = parsed[kind];
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      count.malformed += 1;
      return [];
    }
    count.tooMany += Math.max(0, value.length - MAX_ITEMS);
    return value.slice(0, MAX_ITEMS).flatMap((item: unknown) => {
      const made = isObject(item) ? read(item) : null;
      if (made === null) count.malformed += 1;
      return made === null ? [] : [made];
    });
  };
  const answer: ExtractAnswer = {
    facts: list("facts", readFact),
    instructions: list("instructions", readInstruction),
    uncertainties: list("uncertainties", readUncertainty),
    corrections: list("corrections", readCorrection),
  };
  return { answer, ...count };
}

const KINDS = ["facts", "instructions", "uncertainties", "corrections"] as const;
type Kind = (typeof KINDS)[number];

/** The first complete JSON object in a text. */
function parseObject(text: string): Record<string, unknown> | null {
  let start = text.indexOf("{");
  for (let tries = 0; start >= 0 && tries < MAX_TRIES; tries += 1) {
    try {
      const value: unknown = JSON.parse(text.slice(start, endOfObject(text, start)));
      if (isObject(value) && KINDS.some((kind) => kind in value)) return value;
    } catch {
      // prose may hold braces of its own in front of the answer
    }
    start = text.indexOf("{", start + 1);
  }
  return null;
}

function endOfObject(text: string, start: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at += 1) {
    const unit = text[at];
    if (quoted) {
      if (unit === "\\") at += 1;
      else if (unit === '"') quoted = false;
    } else if (unit === '"') quoted = true;
    else if (unit === "{") depth += 1;
    else if (unit === "}") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return 0;
}

function readFact(item: Record<string, unknown>): StatedFact | null {
  const subject = readSubject(item["subject"]);
  const key = words(item["key"], MAX_KEY);
  const quote = words(item["quote"], MAX_QUOTE);
  const polarity = item["polarity"] ?? "affirm";
  const value =
    item["value"] === "" && polarity === "negate" ? "" : words(item["value"], MAX_VALUE);
  const turnIds = readTurnIds(item["turnIds"]);
  const confidence = readConfidence(item["confidence"]);
  const targetType = optionalWords(item["targetType"], MAX_KEY);
  const replaces = optionalWords(item["replaces"], MAX_NAME);
  if (subject === null || key === null || quote === null || value === null) return null;
  if (turnIds === null || confidence === null || targetType === null || replaces === null)
    return null;
  if (polarity !== "affirm" && polarity !== "negate") return null;
  const slug = factKey(key);
  const validFrom = instant(item["validFrom"]);
  const validUntil = instant(item["validUntil"]);
  if (slug === null || validFrom === null || validUntil === null) return null;
  if (validFrom !== undefined && validUntil !== undefined && validUntil < validFrom) return null;
  const span = readSpan(item["span"]);
  return {
    subject,
    key: slug,
    value,
    ...(targetType === undefined ? {} : { targetType }),
    category: category(item["category"]),
    polarity,
    confidence,
    ...(validFrom === undefined ? {} : { validFrom }),
    ...(validUntil === undefined ? {} : { validUntil }),
    turnIds,
    quote,
    ...(span === undefined ? {} : { span }),
    ...(replaces === undefined ? {} : { replaces }),
  };
}

function readInstruction(item: Record<string, unknown>): StatedInstruction | null {
  const label = words(item["label"], MAX_KEY);
  const quote = words(item["quote"], MAX_QUOTE);
  const turnId = words(item["turnId"], MAX_NAME);
  const active = item["active"] ?? true;
  const description =
    active === false && item["description"] === "" ? "" : words(item["description"], MAX_VALUE);
  const confidence = readConfidence(item["confidence"]);
  if (label === null || quote === null || turnId === null || description === null) return null;
  if (typeof active !== "boolean" || confidence === null) return null;
  const slug = slugOf(label).replaceAll("_", "-");
  const span = readSpan(item["span"]);
  if (slug === "") return null;
  return {
    label: slug,
    description,
    active,
    confidence,
    turnId,
    quote,
    ...(span === undefined ? {} : { span }),
  };
}

function readUncertainty(item: Record<string, unknown>): StatedUncertainty | null {
  const about = words(item["about"], MAX_NAME);
  const reason = words(item["reason"], MAX_VALUE);
  const turnId = words(item["turnId"], MAX_NAME);
  return about === null || reason === null || turnId === null ? null : { about, reason, turnId };
}

function readCorrection(item: Record<string, unknown>): StatedCorrection | null {
  const factId = words(item["factId"], MAX_NAME);
  const turnId = words(item["turnId"], MAX_NAME);
  const quote = words(item["quote"], MAX_QUOTE);
  const confidence = readConfidence(item["confidence"]);
  return factId === null || turnId === null || quote === null || confidence === null
    ? null
    : { factId, confidence, turnId, quote };
}

function readSubject(value: unknown): FactSubject | null {
  if (!isObject(value)) return null;
  const type = words(value["type"], MAX_KEY);
  const name = words(value["name"], MAX_NAME);
  return type === null || name === null ? null : { type, name };
}

function readTurnIds(value: unknown): string[] | null {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_TURNS) return null;
  const ids = value.map((id: unknown) => words(id, MAX_NAME));
  return ids.every((id): id is string => id !== null) ? [...new Set(ids)] : null;
}

function readSpan(value: unknown): TextSpan | undefined {
  return isObject(value) && typeof value["start"] === "number" && typeof value["end"] === "number"
    ? { start: value["start"], end: value["end"] }
    : undefined;
}

/** An application's own extractor may use keys of its own; `other:` says that a key holds several values. */
function factKey(key: string): string | null {
  const slug = slugOf(key.replace(/^other:/iu, ""));
  if (slug === "") return null;
  return /^other:/iu.test(key) ? `other:${slug}` : slug;
}

function slugOf(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "_")
    .replaceAll(/^_+|_+$/gu, "");
}

function category(value: unknown): MemoryCategory {
  return value === "identity" || value === "knowledge" ? value : "context";
}

function readConfidence(value: unknown): number | null {
  if (value === undefined || value === null) return 0.5;
  return typeof value === "number" && Number.isFinite(value)
    ? Math.min(1, Math.max(0, value))
    : null;
}

/** Epoch milliseconds or ISO text; null where it is neither. */
function instant(value: unknown): number | null | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const time =
    typeof value === "number" ? value : typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Math.abs(time) <= 8.64e15 ? time : null;
}

function words(value: unknown, max: number): string | null {
  if (typeof value !== "string") return null;
  const text = value.trim();
  return text === "" || text.length > max ? null : text;
}

function optionalWords(value: unknown, max: number): string | null | undefined {
  return value === undefined || value === null || value === "" ? undefined : words(value, max);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
