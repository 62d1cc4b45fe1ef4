export { resolveDates, writeDatesOut } from "./dates.ts";
export { SELF } from "./extractor.ts";
export { gateExtraction } from "./gate.ts";
export { MULTI_VALUED_KEYS, SINGLE_VALUED_KEYS } from "./keys.ts";
export { createRuleExtractor } from "./rules.ts";
export { splitSpeaker } from "./speaker.ts";

export type { DatePrecision } from "./date-range.ts";
export type { ResolvedDate } from "./dates.ts";
export type {
  ExtractedFact,
  ExtractedInstruction,
  ExtractedUncertainty,
  Extraction,
  ExtractInput,
  ExtractMessage,
  Extractor,
  KnownFact,
  Span,
} from "./extractor.ts";
export type { DropReason, GateResult } from "./gate.ts";
export type { SpeakerSplit } from "./speaker.ts";
