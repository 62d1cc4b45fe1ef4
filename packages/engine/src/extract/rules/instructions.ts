import { isOverride } from "../injection.ts";
import { LANGUAGES } from "../lexicon.ts";
import type { InstructionRule } from "../rule.ts";

type Groups = Readonly<Record<string, string | undefined>>;

const POLITE =
  "(?:(?:[Pp]lease|[Aa]lso|[Aa]nd|[Bb]ut|[Ss]o|[Kk]indly|[Jj]ust)[,]? |[Ff]rom now on,? (?:please )?|[Gg]oing forward,? (?:please )?|[Ii]n (?:the )?future,? (?:please )?|(?:[Ii] (?:want|need|'d like|would like|would prefer|prefer) you to|[Ii]'d (?:like|prefer|want) you to|[Yy]ou (?:should|must|have to)|(?:[Cc]an|[Cc]ould|[Ww]ould|[Ww]ill) you(?: please)?) )*";
const LASTING =
  "(?:[Ff]rom now on|[Gg]oing forward|[Ff]rom here on|[Ii]n (?:the )?future|[Hh]enceforth)";
const DO_VERB =
  "(?:answer|reply|respond|use|write|speak|talk|address|give|show|include|explain|keep|be|provide|format|start|begin|end|ask|check|remind|tell|mention|cite|add|avoid|remember|make|put|sign|translate|refer|quote|list|stick|focus|assume|return|send|recommend|suggest|run|test|convert|greet|summari[sz]e|confirm|double-check|verify|consider|prefer|call|spell|sort|limit|skip|leave|treat|pay|book|choose|offer|round|state|say)";
const DONT_VERB =
  "(?:mention|use|call|suggest|recommend|include|bring up|talk about|discuss|send|add|address|remind|refer|apologi[sz]e|ask|repeat|swear|sugarcoat|share|reveal|tell|give|schedule|book|say|write|reply|respond|answer|offer|propose|show|be|make|assume|start|end|translate|put|quote|lecture|email|contact|disclose)";
const REST =
  "(?<rest>[^.!?\\n]{2,160}?)(?=\\s*(?:[.!?\\n]|$|,? (?:thanks|thank you)(?![\\p{L}'])))";
const LANGUAGE = "(?<language>[A-Z][a-z]+(?: [A-Z][a-z]+)?)";
const REPLY =
  "(?:answer|reply|respond|speak|talk|write|communicate|chat)(?: to me| with me| back| everything| all questions| only| me)?(?: only)?";

const FILLERS: ReadonlySet<string> = /* @__PURE__ */ new Set(
  "a an the to in of on for with and or my me your you it is are be any all please always never ever this that when i so again anymore about".split(
    " ",
  ),
);

function slug(text: string): string | null {
  const words = text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s-]/gu, " ")
    .split(/\s+/u)
    .filter((word) => word !== "" && !FILLERS.has(word));
  return words.length === 0 ? null : words.slice(0, 6).join("-").slice(0, 60);
}

/** Some wishes share a label whatever their words, so that the opposite wish replaces them. */
function topic(groups: Groups): string | null {
  const rest = groups["rest"] ?? "";
  const text = `${groups["verb"] ?? ""} ${rest}`.trim();
  if (/^(?:give up|look back|remember to (?:smile|breathe|laugh|live))\b/iu.test(text)) return null;
  if (/^(?:it|that|this|them|those|these|so)$/iu.test(rest.trim())) return null;
  if (ONCE.test(text) || isOverride(text)) return null;
  const verb = (groups["verb"] ?? "").toLowerCase();
  const wanted = /^(?:to me |back |only |with me )*(?:only )?in (\p{Lu}\p{L}+)/u.exec(rest)?.[1];
  if (
    /^(?:answer|reply|respond|speak|talk|write)$/u.test(verb) &&
    wanted !== undefined &&
    LANGUAGES.has(wanted.toLowerCase())
  )
    return "answer-language";
  if (/\bemojis?\b/iu.test(text)) return "emojis";
  if (/\b(?:metric|imperial)\b/iu.test(text)) return "units";
  if (
    /\b(?:brief|concise|concisely|short|shorter|succinct|verbose|long|detailed|length)\b/iu.test(
      text,
    ) &&
    /\b(?:be|keep|answers?|repl(?:y|ies)|responses?|give|write|respond)\b/iu.test(text)
  )
    return "answer-length";
  if (/^call me\b/iu.test(text)) return "address-as";
  return slug(
    text.replace(
      /^(?:use|mention|call|bring up|talk about|discuss|include|send|suggest|recommend|avoid|stop) /iu,
      (verbText) => (/avoid|stop/iu.test(verbText) ? "" : verbText),
    ),
  );
}

const ONCE =
  /\b(?:this time|for now|today|tomorrow|tonight|right now|just this once|in this (?:case|one|email|essay|text|story|code|example|article|function|file)|for this (?:one|task|email|essay|question)|here|below|above|the following|yet|until)\b/iu;
function capital(text: string): string {
  const words = text.trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function language(groups: Groups): string | null {
  return LANGUAGES.has((groups["language"] ?? "").toLowerCase()) ? "answer-language" : null;
}

/** Lasting wishes of the user about how to be served; one-off requests are none. */
export const INSTRUCTION_RULES: readonly InstructionRule[] = [
  {
    pattern: `(?:{POLITE}|[Yy]ou can )(?:[Ss]top|[Qq]uit) (?:answering|replying|responding|speaking|talking|writing)(?: to me)? in ${LANGUAGE}`,
    label: language,
    describe: () => "",
    active: false,
  },
  {
    pattern: `[Yy]ou (?:don't have to|don't need to|no longer have to|no longer need to|needn't) (?:always )?${REPLY} in ${LANGUAGE}`,
    label: language,
    describe: () => "",
    active: false,
  },
  {
    pattern: `{POLITE}(?:[Ss]top|[Dd]on't|[Dd]o not) call(?:ing)? me \\p{Lu}\\p{L}+`,
    label: () => "address-as",
    describe: () => "",
    active: false,
  },
  {
    pattern: `(?:[Yy]ou can|[Ff]eel free to|[Ii]t's (?:ok|okay|fine) to) (?<verb>mention|use|bring up|talk about|discuss|include|suggest|recommend|send) (?<rest>[^.!?\\n]{2,80}?) (?:again|now)(?=\\s*(?:[.!?\\n]|$))`,
    label: topic,
    describe: () => "",
    active: false,
  },
  {
    pattern: `[Yy]ou (?:don't have to|don't need to|no longer have to|no longer need to) (?:always )?(?<verb>${DO_VERB}) (?<rest>[^.!?\\n]{2,80}?) (?:anymore|any more|any longer)(?=\\s*(?:[.!?\\n]|$))`,
    label: topic,
    describe: () => "",
    active: false,
  },

  {
    pattern: `{POLITE}(?:[Aa]lways |[Oo]nly )?[Aa]nswer(?: to me| me)?(?: only)? in ${LANGUAGE}(?=\\s*(?:[.!,?\\n]|$|\\s(?:from|only|please|always|when)))`,
    label: language,
    describe: (g) => `Answer in ${g["language"] ?? ""}`,
    active: true,
  },
  {
    pattern: `{POLITE}(?:[Aa]lways |[Oo]nly )?(?:[Rr](?:eply|espond)|[Ss]peak|[Tt]alk|[Ww]rite|[Cc](?:ommunicate|hat))(?: to me| with me| back| me)?(?: only)? in ${LANGUAGE}(?=\\s*(?:[.!,?\\n]|$|\\s(?:from|only|please|always|when)))`,
    label: language,
    describe: (g) => `Answer in ${g["language"] ?? ""}`,
    active: true,
  },
  {
    pattern:
      "{POLITE}(?:[Yy]ou can |[Yy]ou may |just )?[Cc]all me (?<name>\\p{Lu}[\\p{L}'-]+(?: \\p{Lu}[\\p{L}'-]+)?)(?=\\s*(?:[.,!?\\n(]|$|\\s(?:from|and|please|instead|for)(?![\\p{L}'])))",
    label: (g) =>
      /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day$/u.test(g["name"] ?? "") ? null : "address-as",
    describe: (g) => `Call the user ${g["name"] ?? ""}`,
    active: true,
  },
  {
    pattern: `{POLITE}[Aa]lways (?<verb>${DO_VERB}) ${REST}`,
    label: topic,
    describe: (g) => capital(`always ${g["verb"] ?? ""} ${g["rest"] ?? ""}`),
    active: true,
  },
  {
    pattern: `{POLITE}[Nn]ever (?:ever )?(?<verb>${DONT_VERB}) ${REST}`,
    label: topic,
    describe: (g) => capital(`never ${g["verb"] ?? ""} ${g["rest"] ?? ""}`),
    active: true,
  },
  {
    pattern: `${LASTING},? (?:please )?(?:[Ii] (?:want|need) you to |[Ii]'d (?:like|prefer) you to |you (?:should|must) )?(?<not>don't |do not |never |stop )?(?:always )?(?<verb>${DO_VERB}|${DONT_VERB}|only [a-z]+|[a-z]+) ${REST}`,
    label: lasting,
    describe: (g) =>
      capital(
        `${(g["not"] ?? "").replace(/^(?:do not|stop) $/u, "don't ")}${g["verb"] ?? ""} ${g["rest"] ?? ""}`,
      ),
    active: true,
  },
  {
    pattern: `{POLITE}(?<not>[Dd]on't|[Dd]o not) (?:ever )?(?<verb>mention|bring up|talk about|discuss|suggest|recommend|sugarcoat|swear|apologi[sz]e|lecture|call me|use (?=emojis?|jargon|slang|bullet|tables|markdown|abbreviations|exclamation|semicolons|contractions|passive|em dashes|filler)) ?${REST}`,
    label: topic,
    describe: (g) => capital(`don't ${g["verb"] ?? ""} ${g["rest"] ?? ""}`.replaceAll("  ", " ")),
    active: true,
  },
  {
    pattern:
      "{POLITE}(?:[Kk]eep|[Mm]ake) (?:your|all|the|all your) (?<verb>answers|replies|responses|messages|explanations) (?<rest>short|brief|concise|simple|detailed|to the point|formal|informal|friendly|under [^.!?\\n]{3,30})(?=\\s*(?:[.,!?\\n]|$|\\sand))",
    label: (g) => (/formal|friendly/u.test(g["rest"] ?? "") ? "tone" : "answer-length"),
    describe: (g) => `Keep ${g["verb"] ?? "answers"} ${g["rest"] ?? ""}`,
    active: true,
  },
  {
    pattern: "{POLITE}[Uu]se (?<rest>(?:the )?(?:metric|imperial) (?:units|system|measurements))",
    label: () => "units",
    describe: (g) => `Use ${g["rest"] ?? ""}`,
    active: true,
  },
  {
    pattern:
      "{POLITE}[Uu]se (?<rest>(?:British|American|Australian|Canadian) (?:English|spelling))(?=\\s*(?:[.,!?\\n]|$|\\sin))",
    label: () => "spelling",
    describe: (g) => `Use ${g["rest"] ?? ""}`,
    active: true,
  },
  {
    pattern:
      "{POLITE}(?:[Ss]top using|[Nn]o more|[Aa]void using) (?<rest>emojis?|jargon|slang|bullet points|exclamation marks)(?=\\s*(?:[.,!?\\n]|$|\\s(?:in|please)))",
    label: (g) => (/emoji/u.test(g["rest"] ?? "") ? "emojis" : slug(`use ${g["rest"] ?? ""}`)),
    describe: (g) => `Don't use ${g["rest"] ?? ""}`,
    active: true,
  },
];

/** "From now on" needs an order behind it: "from now on I will run" is a plan. */
function lasting(groups: Groups): string | null {
  const verb = (groups["verb"] ?? "").toLowerCase();
  if (
    /^(?:is|are|was|were|will|would|has|have|had|can|does|do|gets?|becomes?)\b/iu.test(
      groups["rest"] ?? "",
    )
  )
    return null;
  return /^(?:i|we|it|he|she|they|my|our|the|this|that|there|things|life|everything|nothing|you|is|are|was|a|an|no|what|how|when|if|let's|could|can|would|will)$/u.test(
    verb,
  )
    ? null
    : topic(groups);
}

/** Expands the shared openings of the instruction patterns. */
export function expandInstruction(pattern: string): string {
  return pattern.replaceAll("{POLITE}", POLITE);
}
