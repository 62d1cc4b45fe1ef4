/** What the small model sees: instruction text, and the conversation. */
export interface Prompt {
  system: string;
  messages: { role: "user" | "assistant"; text: string }[];
}

interface Rule {
  /** What the user asks. */
  asks: RegExp;
  /** Line of the memory block that answers it. */
  knows: RegExp;
  says: (value: string) => string;
}

/** Questions this model can answer, and the memory line that it looks for. */
const RULES: readonly Rule[] = [
  {
    asks: /\b(?:what(?:'s| is) my name|who am i)\b/i,
    knows: /^- name: (.+)$/m,
    says: (name) => `You are ${name}.`,
  },
  {
    asks: /\bwhere do i live\b|\bwhich city\b/i,
    knows: /^- home_city: (.+)$/m,
    says: (city) => `You live in ${city}.`,
  },
  {
    asks: /\b(?:who|where) do i work\b|\bmy employer\b/i,
    knows: /^- employer: (.+)$/m,
    says: (employer) => `You work at ${employer}.`,
  },
  {
    asks: /\bwhat (?:do|would) i (?:like|enjoy|love)\b|\bwhat should i (?:drink|do|order)\b/i,
    knows: /^- likes: (.+)$/m,
    says: (liked) => `You like ${liked}.`,
  },
];

const BLOCK = /<spectron-memory>([\s\S]*?)<\/spectron-memory>/;
const SMALL_WORDS = new Set(
  "a an the is are was were do does did i me my you your what when where who which how why to of in on at for and or it that this with about from".split(
    " ",
  ),
);

/** Answers from the prompt alone, so that the answer shows what memory put there. */
export function reply(prompt: Prompt): string {
  const question = prompt.messages.findLast((message) => message.role === "user")?.text ?? "";
  const memory = BLOCK.exec(prompt.system)?.[1] ?? "";
  for (const rule of RULES) {
    if (!rule.asks.test(question)) continue;
    const found = rule.knows.exec(memory);
    return found?.[1] === undefined
      ? "I do not know that yet."
      : `${rule.says(found[1])} (memory says "${found[0].slice(2)}")`;
  }
  if (!question.trim().endsWith("?")) return "Thank you, noted.";
  const line = closestLine(question, memory);
  return line === undefined ? "I do not know that yet." : `I remember: ${line}`;
}

/** The memory line that shares the most words with the question. */
function closestLine(question: string, memory: string): string | undefined {
  const asked = words(question);
  const best = memory
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#") && !line.endsWith(":"))
    .map((line) => ({ line, shared: words(line).filter((word) => asked.includes(word)).length }))
    .toSorted((a, b) => b.shared - a.shared)[0];
  return best === undefined || best.shared === 0 ? undefined : best.line.replace(/^- /, "");
}

function words(text: string): string[] {
  const found = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return [...new Set(found)].filter((word) => !SMALL_WORDS.has(word));
}
