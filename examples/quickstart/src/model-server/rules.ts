import { contentWords } from "./content-words.ts";
import type { Evidence } from "./evidence.ts";

/** One kind of question, and where its answer may stand in the prompt. */
export interface Rule {
  /** The rule in one sentence. */
  readonly explains: string;
  readonly asks: RegExp;
  /** Attribute names of the memory block that answer it. */
  readonly attributes: RegExp;
  /** What a user's own sentence looks like that answers it; the first group is the value. */
  readonly stated: RegExp;
  readonly says: (value: string) => string;
  /** Whether several values belong into one answer. @default false */
  readonly many?: boolean | undefined;
}

/** The whole "knowledge" of this model, tried from top to bottom; the first rule whose question fits decides. */
const rules: readonly Rule[] = [
  {
    explains: "Asked for the user's name, it looks for a name the user gave.",
    asks: /\bwho am i\b|\bwhat am i called\b|\bmy (?:full |first )?name\b/i,
    attributes: /^(?:full_|first_|preferred_)?name$/,
    stated:
      /\b(?:my name is|my name's|i am called|i'm called|call me) ([^.,!?;]+?)(?: and .*)?[.!]*$/i,
    says: (value) => `You are ${value}.`,
  },
  {
    explains: "Asked where the user lives, it looks for a home or the latest move.",
    asks: /\bwhere (?:do|am) i (?:now |currently )?(?:live|living|based|stay)|\bwhich (?:city|town|country) do i live|\bmy (?:home|home ?town|city|address)\b/i,
    attributes:
      /^(?:home|home_city|home_town|home_country|city|location|residence|address|lives_in)$/,
    stated:
      /\bi (?:have |just |now |currently )*(?:live|moved|relocated)(?: back)? (?:in|to|at) ([^.,!?;]+?)(?: (?:and|with|last|in|since|from|now) .*| now)?[.!]*$/i,
    says: (value) => `You live in ${value}.`,
  },
  {
    explains: "Asked for whom or where the user works, it looks for an employer.",
    asks: /\bwho do i (?:now |currently )?work for\b|\bwhere do i (?:now |currently )?work\b|\bmy (?:employer|company)\b/i,
    attributes: /^(?:employer|company|workplace|works_(?:for|at))$/,
    stated:
      /\bi (?:now |currently )?(?:work (?:for|at)|joined) ([^.,!?;]+?)(?: (?:and|as|since|in) .*| now)?[.!]*$/i,
    says: (value) => `You work at ${value}.`,
  },
  {
    explains:
      "Asked what the user likes, it lists every like; asked for one kind (which coffee), only those that name the kind.",
    asks: /\b(?:what|which)\b.*\bi (?:really )?(?:like|love|enjoy|prefer)\b|\bmy favou?rite\b/i,
    attributes: /^(?:likes?|loves?|enjoys?|prefers?|preferences?|favou?rites?)(?:[_.].+)?$/,
    stated: /\bi (?:really |also )*(?:like|love|enjoy|prefer) ([^.!?;]+?)[.!]*$/i,
    says: (value) => `You like ${value}.`,
    many: true,
  },
];

const unknown = "I don't know that yet.";

const aboutMe = /\bwhat (?:do|can) you (?:know|remember|tell me) about me\b/i;
const mostLines = 8;

function naming(used: readonly Evidence[]): string {
  const part = (source: Evidence["source"], label: string): string[] => {
    const lines = used.filter((evidence) => evidence.source === source);
    return lines.length === 0 ? [] : [`${label}: ${lines.map(({ line }) => line).join("; ")}`];
  };
  return `(${[...part("memory", "from memory"), ...part("conversation", "from this conversation")].join("; ")})`;
}

interface Candidate {
  readonly evidence: Evidence;
  readonly value: string;
}

function rank(one: Evidence): number {
  if (one.source === "conversation") return 0;
  return one.isAttribute ? 1 : 2;
}

/** What answers a rule, best first: this conversation, then attributes, then the latest dated line. */
function candidates(rule: Rule, evidence: readonly Evidence[]): readonly Candidate[] {
  return evidence
    .flatMap((one): Candidate[] => {
      if (one.isAttribute) {
        return one.key !== undefined && rule.attributes.test(one.key)
          ? [{ evidence: one, value: one.text }]
          : [];
      }
      const value = one.key === "user" ? rule.stated.exec(one.text)?.[1] : undefined;
      return value === undefined ? [] : [{ evidence: one, value }];
    })
    .toSorted(
      (left, right) =>
        rank(left.evidence) - rank(right.evidence) ||
        (right.evidence.time ?? 0) - (left.evidence.time ?? 0),
    );
}

const likingWords = /* @__PURE__ */ contentWords(
  "like likes love enjoy prefer favourite favorite really most best",
);

function namesKind(question: string, { evidence }: Candidate): boolean {
  const kinds = [...contentWords(question)].filter((word) => !likingWords.has(word));
  const words = contentWords(`${evidence.key?.replaceAll("_", " ") ?? ""} ${evidence.text}`);
  return kinds.every((kind) => words.has(kind));
}

function answerByRule(rule: Rule, question: string, evidence: readonly Evidence[]): string {
  const found = candidates(rule, evidence);
  const used = rule.many ? found.filter((one) => namesKind(question, one)) : found.slice(0, 1);
  if (used.length === 0) return unknown;
  const values = [...new Set(used.map(({ value }) => value))];
  const list = new Intl.ListFormat("en").format(values);
  return `${rule.says(list)} ${naming(used.map((one) => one.evidence))}`;
}

/** "What is my dog's name?" is answered by the attribute whose name has all these words. */
function answerByAttribute(question: string, evidence: readonly Evidence[]): string | undefined {
  const asked = /\b(?:what|who|where|when)(?:'s| is| are) my (.+?)\??$/i.exec(question)?.[1];
  if (asked === undefined) return undefined;
  const wanted = [...contentWords(asked)];
  const found = evidence.find((one) => {
    const words = contentWords(one.key?.replaceAll(/[_.]/g, " ") ?? "");
    return one.isAttribute && wanted.length > 0 && wanted.every((word) => words.has(word));
  });
  return found && `Your ${asked}: ${found.text}. ${naming([found])}`;
}

/** The line that shares the most content words with the question; the first of equals, because recall ranks. */
function answerByWords(question: string, evidence: readonly Evidence[]): string {
  const asked = contentWords(question);
  const scored = evidence
    .map((one) => {
      const words = contentWords(`${one.key?.replaceAll(/[_.]/g, " ") ?? ""} ${one.text}`);
      return { one, shared: [...asked].filter((word) => words.has(word)).length };
    })
    .filter(({ shared }) => shared > 0)
    .toSorted((left, right) => right.shared - left.shared);
  const best = scored[0]?.one;
  return best ? `The closest I remember: "${best.text}" ${naming([best])}` : unknown;
}

/** Answers one question from the evidence alone. */
export function answerQuestion(question: string, evidence: readonly Evidence[]): string {
  if (aboutMe.test(question)) {
    const attributes = evidence.filter((one) => one.isAttribute);
    const used = (attributes.length > 0 ? attributes : evidence).slice(0, mostLines);
    if (used.length === 0) return unknown;
    const things = used.map((one) =>
      one.isAttribute ? `${one.key?.replaceAll("_", " ")}: ${one.text}` : `"${one.text}"`,
    );
    return `This is what I know about you: ${things.join("; ")}. ${naming(used)}`;
  }
  const rule = rules.find(({ asks }) => asks.test(question));
  if (rule) return answerByRule(rule, question, evidence);
  return answerByAttribute(question, evidence) ?? answerByWords(question, evidence);
}
