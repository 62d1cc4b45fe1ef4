/** What each signal counts in a turn's score. The values were found on conversations; measure before changing one. */
export interface Weights {
  /** BM25 of the turn's words with a part of the previous and the next turn's, as one document. */
  window: number;
  /** BM25 of the turn's whole session. */
  session: number;
  /** How well the session's day fits a month or date that the question names. */
  date: number;
  /** BM25 of the previous turn when it asks something: this turn is the answer. */
  answered: number;
  /** BM25 of the turn two before. */
  twoBack: number;
  /** BM25 of the previous turn; negative, because the window holds it already. */
  previous: number;
  /** BM25 of terms taken from the best windows, scaled to 1. */
  feedback: number;
  /** BM25 of the turn's own words, for the person asked about; negated for somebody else. */
  speaker: number;
  /** 1 when the person asked about spoke, -1 when somebody else did, whatever was said. */
  spoke: number;
  /** Likeness of words by their character 3- to 5-grams, scaled to 1: inflection and typing errors. */
  grams: number;
  /** The turn names a time and the question asks for one. */
  time: number;
  /** The turn praises or thanks. */
  praise: number;
  /** The turn ends by asking. */
  question: number;
  /** The turn speaks in the first person. */
  firstPerson: number;
}

export const WEIGHTS: Readonly<Weights> = {
  window: 4,
  session: 3.5,
  date: 5,
  answered: 4,
  twoBack: 2,
  previous: -1.5,
  feedback: 1.5,
  speaker: 0.8,
  spoke: 0.75,
  grams: 0.8,
  time: 2.5,
  praise: -0.4,
  question: -0.3,
  firstPerson: 0.3,
};

/** Part of a neighbour's words that counts in a turn's window. */
export const NEIGHBOUR = { previous: 0.5, next: 0.3 } as const;

/** Saturation and length normalisation of BM25, low because turns are short. */
export const BM25 = { k1: 0.9, b: 0.4 } as const;

/** Fit of a session's day to the question: inside the month, within two days of the day, in the month after. */
export const DATE_FIT = { month: 0.5, day: 1, monthAfter: 0.15 } as const;

/** What a turn has for a when-question: a date, or only a word of time. */
export const TIME_FIT = { date: 1, word: 0.6 } as const;

/** Turns that get the full score. */
export const CANDIDATES = 120;

/** Windows that feedback reads, and terms that it takes from them. */
export const FEEDBACK = { windows: 4, terms: 12 } as const;

/** Joining rankings: a hit at place p counts 1 / (this + p). */
export const RANK_FUSION = 60;
