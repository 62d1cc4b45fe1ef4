import type { MemoryCategory, Role } from "./types.ts";

/** One message as an extractor sees it. `turnId` is opaque and echoed on every item that rests on it. */
export interface ExtractMessage {
  turnId: string;
  role: Role;
  /** Who speaks, when the text starts with `Name: `; the first person then means this person. */
  speaker?: string | undefined;
  /** The whole stored text, including a leading `Name: `; spans count from its start. */
  content: string;
  /** When it was said, epoch milliseconds; relative dates resolve against it. */
  ts: number;
}

/** Who or what a statement is about. */
export interface FactSubject {
  type: string;
  name: string;
}

/** A live fact that the extractor may refer to. */
export interface KnownFact {
  factId: string;
  subject: FactSubject;
  key: string;
  value: string;
  /** Epoch milliseconds. */
  validFrom: number;
}

export interface ExtractInput {
  messages: readonly ExtractMessage[];
  known: readonly KnownFact[];
  /** Epoch milliseconds. */
  now: number;
}

/** A half-open range of UTF-16 code units in the turn's text. */
export interface TextSpan {
  start: number;
  end: number;
}

/** Who a statement is about when it is about the speaker without a known name. */
export const SELF: Readonly<FactSubject> = { type: "person", name: "user" };

/** A fact as an extractor claims it; nothing in it is believed before it was checked against its turns. */
export interface StatedFact {
  subject: FactSubject;
  /** One of `FACT_KEYS`, one of the application's own, or `other:<slug>`, which holds several values. */
  key: string;
  /** The attribute's value; for a relation the object's name. Empty with `negate`: every value of the key. */
  value: string;
  /** Present for a relation: the object's type. */
  targetType?: string | undefined;
  category: MemoryCategory;
  /** `negate` ends matching live values without a replacement ("I no longer work at Acme"). */
  polarity: "affirm" | "negate";
  /** 0 to 1. */
  confidence: number;
  /** When it became true, epoch milliseconds; absent: when it was said. */
  validFrom?: number | undefined;
  validUntil?: number | undefined;
  /** Turns that state it, at least one. */
  turnIds: readonly string[];
  /** Verbatim words of the turn. */
  quote: string;
  /** Where the quote stands; only a hint between equal places. */
  span?: TextSpan | undefined;
  /** The known fact of the same subject and key whose place it takes. */
  replaces?: string | undefined;
}

/** A lasting wish of the user about how to be served. */
export interface StatedInstruction {
  /** Stable slug; a later instruction with the same label replaces this one. */
  label: string;
  description: string;
  /** False revokes the instruction of this label. */
  active: boolean;
  confidence: number;
  turnId: string;
  quote: string;
  span?: TextSpan | undefined;
}

export interface StatedUncertainty {
  about: string;
  reason: string;
  turnId: string;
}

/** A known fact that a turn says no longer holds, without a new value. */
export interface StatedCorrection {
  factId: string;
  confidence: number;
  turnId: string;
  quote: string;
}

/** What an extractor answers. */
export interface ExtractAnswer {
  facts: StatedFact[];
  instructions: StatedInstruction[];
  uncertainties: StatedUncertainty[];
  corrections: StatedCorrection[];
}

/** Turns messages into facts. Rules and models implement it; whatever it answers is checked before it is stored. */
export interface Extractor {
  readonly name: string;
  extract(
    input: ExtractInput,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<ExtractAnswer>;
}

/** Keys that models are asked for; `favorite_<thing>` belongs to them. */
export const FACT_KEYS: readonly string[] = [
  "name",
  "preferred_name",
  "pronouns",
  "age",
  "birthday",
  "birth_year",
  "birthplace",
  "nationality",
  "hometown",
  "home_city",
  "home_country",
  "past_home_city",
  "timezone",
  "languages",
  "native_language",
  "marital_status",
  "spouse",
  "wife",
  "husband",
  "partner",
  "girlfriend",
  "boyfriend",
  "fiance",
  "mother",
  "father",
  "sister",
  "brother",
  "son",
  "daughter",
  "child",
  "children",
  "siblings",
  "grandmother",
  "grandfather",
  "aunt",
  "uncle",
  "cousin",
  "niece",
  "nephew",
  "friend",
  "best_friend",
  "roommate",
  "flatmate",
  "mother_in_law",
  "father_in_law",
  "sister_in_law",
  "brother_in_law",
  "stepfather",
  "stepmother",
  "stepson",
  "stepdaughter",
  "boss",
  "manager",
  "therapist",
  "pets",
  "employer",
  "past_employer",
  "job_title",
  "industry",
  "workplace",
  "employment_status",
  "school",
  "degree",
  "likes",
  "dislikes",
  "prefers",
  "avoids",
  "hobbies",
  "diet",
  "allergies",
];
