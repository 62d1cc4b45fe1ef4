import type { MemoryCategory } from "@spectron/core/protocol";

/** A sentence being read; offsets count from the start of the message. */
export interface Reading {
  /** The sentence with quotations and code blanked and apostrophes straightened, same length as the original. */
  sentence: string;
  /** The whole sentence is in lower case, so a name may be too. */
  lowerCase: boolean;
  /** The line has a speaker: talk between people, full of "this" and "your". */
  spoken: boolean;
}

/** One way to say one thing. Patterns are source text; `{TOKENS}` are expanded by `compilePattern`. */
export interface FactRule {
  pattern: string;
  key: string | ((groups: Readonly<Record<string, string | undefined>>) => string | null);
  category: MemoryCategory;
  /** Pattern group that holds the value. @default "v" */
  group?: string | undefined;
  /** Makes the value of the groups where it is not one group's words. */
  value?: ((groups: Readonly<Record<string, string | undefined>>) => string) | undefined;
  /** A value fixed by the rule: "" ends every value of the key. */
  fixed?: "" | undefined;
  /** May turn the words into a value, or refuse them with null. */
  accept?: ((value: string, reading: Reading) => string | null) | undefined;
  /** The words are a list: "apples, pears and plums". */
  list?: boolean | undefined;
  /** May begin inside a clause ("dinner with my wife Ann"). */
  anywhere?: boolean | undefined;
  polarity?: "affirm" | "negate" | undefined;
  targetType?: string | undefined;
  /** A stated date tells when it became (or stopped being) true. */
  dated?: boolean | undefined;
}

/** One way to ask for lasting behaviour. */
export interface InstructionRule {
  pattern: string;
  /** Slug under which a later instruction replaces this one, or null to refuse. */
  label: (groups: Readonly<Record<string, string | undefined>>) => string | null;
  describe: (groups: Readonly<Record<string, string | undefined>>, words: string) => string;
  active: boolean;
}

const ADVERBS =
  "(?: (?:also|currently|now|actually|still|really|recently|finally|just|originally|presently|already|mainly|absolutely|definitely|truly|generally|usually|personally|totally|honestly|especially|always|both|so|kind of|sort of|quite)){0,2}";
const WORD = "\\p{Lu}[\\p{L}\\d&']*(?:[.-][\\p{L}\\d]+)*";
const CAP = `(?:St\\. |Mt\\. |Ft\\. )?${WORD}(?: (?:(?:of|de|da|do|del|la|le|los|las|van|von|upon|am|on|&) )?${WORD}){0,3}`;

const TOKENS: Readonly<Record<string, string>> = {
  I: "[Ii]",
  MY: "(?:[Mm]y|[Oo]ur)",
  WE: "(?:[Ii]|[Ww]e)",
  AM: `[Ii](?:'m| am|m)${ADVERBS}`,
  HAVE: "(?:[Ii]|[Ww]e)(?:'ve| have)(?: got)?",
  DO: `(?:[Ii]|[Ww]e)${ADVERBS}`,
  CAP,
  PLACE: `(?:${CAP}(?:, ${CAP})?|(?:the )?${CAP}|[a-z]{3,}(?: [a-z]{3,})?)`,
  PERSON: "\\p{Lu}[\\p{L}'-]+(?: \\p{Lu}[\\p{L}'-]+){0,2}",
  END: "(?=\\s*(?:[.,;:!?()\\n]|$|-{1,2}\\s|[–—]|\\s(?:and|but|or|so|because|since|for|with|in|at|on|near|from|where|which|who|when|while|as|after|before|to|last|this|next|now|right|too|also|though|these|by|until|currently|right|just|recently|again|yesterday|today|tonight|tomorrow|any|(?:\\d+|a|an|one|two|three|four|five|six|seven|eight|nine|ten|several|a few|a couple of) (?:days?|weeks?|months?|years?) ago|\\p{Emoji_Presentation})(?![\\p{L}'])))",
  STOP: "(?=\\s*(?:[.;:!?()\\n]|$|-{1,2}\\s|[–—]|,? (?:but|because|cause|so|since|when|whenever|while|if|though|although|which|who|as well|too|very much|a lot|so much|the most|right now|lately|anymore|any more|and (?:I|i|my|we|it|it's|she|he|they|that|this|so|then|also|would|am|have|want|need|hate|love|like|enjoy|don't|can't|prefer|really))(?![\\p{L}'])))",
  NP: "[^.;:!?()\\n–—\\u0000]{2,80}?",
};

/** Expands the tokens of a rule's pattern; clause rules match only where the reader stands. */
export function compilePattern(pattern: string, anywhere = false): RegExp {
  const source = pattern.replaceAll(
    /\{([A-Z]+)\}/gu,
    (whole, name: string) => TOKENS[name] ?? whole,
  );
  return new RegExp(anywhere ? `(?<![\\p{L}\\d'])${source}` : source, anywhere ? "gu" : "yu");
}
