export { INJECTION_SEEDS, MASKED_INJECTIONS } from "./injection-seeds.ts";
export { NEUTRAL_MESSAGES } from "./neutral-messages.ts";
export { parseFacts, scoreFacts } from "./score-facts.ts";
export { STATED_SENTENCES } from "./stated-sentences.ts";
export { TECHNICAL_TEXTS } from "./technical-texts.ts";
export type { ScoredFact } from "./score-facts.ts";
export type { StatedSentence } from "./stated-sentences.ts";
