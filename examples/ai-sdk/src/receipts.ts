import type { Spectron } from "@spectron/core";
import type { Receipt } from "@spectron/core/adapter";

/** Where something that memory knows comes from. */
export interface Origin {
  who: string;
  quote: string;
}

/** What the page shows beside an answer. */
export interface AnswerReceipt {
  recalled: {
    entries: number;
    tokens: number;
    ms: number;
    facts: { text: string; origin?: Origin }[];
  };
  stored: { messages: number; ms: number; facts: { text: string; origin?: Origin }[] };
}

/** Puts together what the model recalled and what the chat stored, for one answer. */
export async function describeAnswer(
  spectron: Spectron,
  scope: string,
  question: string,
  recalled: Receipt | undefined,
  stored: Receipt,
): Promise<AnswerReceipt> {
  const lens = [[scope]];
  const [{ hits }, state] = await Promise.all([
    spectron.query({ query: question, lens }),
    spectron.state({ lens }),
  ]);
  // where the service does not name what it recalled, the same question finds it again
  const named = recalled?.recalled.hits?.map(({ id }) => id);
  const used = new Set(named ?? hits.map(({ id }) => id));
  const written = new Set(stored.stored.turnIds.map((id) => `turn:${id}`));
  const isNew = ({ ref }: { ref?: string | undefined }): boolean => written.has(ref ?? "");
  const facts = [state.identity, state.knowledge, state.context].flatMap((part) => [
    ...part.attributes.map(({ key, value, source }) => ({ text: `${key}: ${value}`, source })),
    ...part.relations.map(({ subject, label, object, source }) => ({
      text: `${subject} ${label} ${object}`,
      source,
    })),
  ]);
  return {
    recalled: {
      entries: recalled?.recalled.entries ?? 0,
      tokens: recalled?.recalled.tokens ?? 0,
      ms: Math.round(recalled?.recalled.ms ?? 0),
      facts: hits
        .filter(({ id, sources }) => used.has(id) && !sources?.some(isNew))
        .map(({ text, sources }) => described(text, sources?.[0])),
    },
    stored: {
      messages: stored.stored.turnIds.length,
      ms: Math.round(stored.stored.ms),
      facts: facts
        .filter(({ source }) => written.has(source?.ref ?? ""))
        .map(({ text, source }) => described(text, source)),
    },
  };
}

function described(
  text: string,
  source: { role?: string | undefined; quote?: string | undefined } | undefined,
): { text: string; origin?: Origin } {
  const { role = "", quote = "" } = source ?? {};
  return quote === "" ? { text } : { text, origin: { who: role, quote } };
}
