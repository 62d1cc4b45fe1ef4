import type { MemoryCategory, TextSpan } from "@spectron/core/protocol";

/** A fact that its turn really states; one for each turn that does. */
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
  span: TextSpan;
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
  span: TextSpan;
}

export interface ExtractedUncertainty {
  about: string;
  reason: string;
  turnId: string;
}

/** What is left of an extractor's answer behind the gate. */
export interface Extraction {
  facts: ExtractedFact[];
  instructions: ExtractedInstruction[];
  uncertainties: ExtractedUncertainty[];
}
