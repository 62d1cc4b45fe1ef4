import type { MemoryCategory, Role } from "@spectron/core/protocol";

/** One message as an extractor sees it. `turnId` is opaque and echoed on every extracted item. */
export interface ExtractMessage {
  turnId: string;
  role: Role;
  /** Who speaks, when the text starts with `Name: `; the first person then means this person. */
  speaker?: string | undefined;
  /** The whole stored text, including a leading `Name: `; spans count from its start. */
  content: string;
  /** When it was said, epoch milliseconds; relative dates resolve against it. */
  at: number;
}

/** A live fact that the extractor may refer to. */
export interface KnownFact {
  factId: string;
  entity: { type: string; name: string };
  key: string;
  value: string;
  validFrom: number;
}

export interface ExtractInput {
  messages: readonly ExtractMessage[];
  known: readonly KnownFact[];
  /** Epoch milliseconds. */
  now: number;
}

/** A half-open range of UTF-16 code units in the turn's text. */
export interface Span {
  start: number;
  end: number;
}

/** Who a statement is about when it is about the speaker without a known name. */
export const SELF = { type: "person", name: "user" } as const;

export interface ExtractedFact {
  entity: { type: string; name: string };
  key: string;
  /** The attribute's value; for a relation the object's name. */
  value: string;
  /** Present for a relation: the object's type. */
  targetType?: string | undefined;
  category: MemoryCategory;
  /** `negate` closes matching live values without a replacement ("I no longer work at Acme"). */
  polarity: "affirm" | "negate";
  /** 0 to 1. */
  confidence: number;
  /** When the fact became true, epoch milliseconds; absent: when it was said. */
  validFrom?: number | undefined;
  validUntil?: number | undefined;
  turnId: string;
  /** Verbatim words of the turn. */
  quote: string;
  span: Span | null;
}

export interface ExtractedInstruction {
  /** Stable slug; a later instruction with the same label replaces this one. */
  label: string;
  description: string;
  /** False revokes the instruction of this label. */
  active: boolean;
  confidence: number;
  turnId: string;
  quote: string;
  span: Span | null;
}

export interface ExtractedUncertainty {
  about: string;
  reason: string;
  turnId: string;
}

export interface Extraction {
  facts: ExtractedFact[];
  instructions: ExtractedInstruction[];
  uncertainties: ExtractedUncertainty[];
}

/** Turns messages into facts. Rules, the AI SDK and LangChain implement it; the engine calls no model itself. */
export interface Extractor {
  readonly name: string;
  extract(input: ExtractInput, options?: { signal?: AbortSignal | undefined }): Promise<Extraction>;
}
