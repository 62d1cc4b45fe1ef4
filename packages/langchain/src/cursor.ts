import { idAnchor, prefixAnchor, stripMemoryBlocks } from "@spectron/core/adapter";
import type { TurnMessage } from "@spectron/core/adapter";
import type { BaseMessage } from "@langchain/core/messages";
import { mapMessages } from "./messages.ts";
import type { Mapped } from "./messages.ts";

/** A message of the state as memory sees it; `mark` is what private state keeps of it. */
export interface Marked extends Mapped {
  mark: string;
  /** The id the message has in the state. */
  id: string;
}

/** The conversation of a state with the marks of what it holds. */
export function markMessages(
  messages: readonly BaseMessage[],
  includeTools: readonly string[],
): Marked[] {
  return mapMessages(messages, includeTools).map((mapped) => {
    const own = messages[mapped.index]?.id ?? `#${mapped.index}`;
    const id = mapped.part === "" ? own : `${own}/${mapped.part}`;
    return { ...mapped, id, mark: `${id}:${fingerprint(mapped.said.text)}` };
  });
}

/** What a run starts with: answers that an earlier run left behind, and what the user says now. */
export interface Start {
  leftover: Marked[];
  inputs: Marked[];
}

/**
 * What memory has not been given yet when a run starts.
 *
 * A thread that memory follows has marks. What stands right behind them was made by a run that did not reach its end.
 * Everything else up to the last answer is history that the application passes again, so only what follows is new.
 */
export function startOf(
  all: readonly Marked[],
  messages: readonly BaseMessage[],
  known: ReadonlySet<string>,
): Start {
  const lastKnown = all.findLastIndex((item) => known.has(item.mark));
  const behind = all.slice(lastKnown + 1);
  const firstUser = behind.findIndex((item) => item.said.role === "user");
  const leftover =
    lastKnown === -1 ? [] : behind.slice(0, firstUser === -1 ? undefined : firstUser);
  const lastAnswer = messages.findLastIndex((message) => message.getType() === "ai");
  const knownIds = new Set([...known].map((mark) => mark.slice(0, mark.lastIndexOf(":"))));
  // other words under a known id replace what was said there, wherever it stands
  const inputs = all.filter(
    (item) =>
      !known.has(item.mark) &&
      !leftover.includes(item) &&
      (item.index > lastAnswer || (item.said.role === "user" && knownIds.has(item.id))),
  );
  return { leftover, inputs };
}

/** Ids that LangChain makes up when neither the application nor the provider gives one. */
const MADE_UP = /^(?:run-)?[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}(?:$|[-/])/i;

/** Longest id that the service keeps with a message. */
const LONGEST_ID = 128;

/**
 * Gives messages their place. An id is a place when it outlives the run: a checkpointer keeps it, or the application or
 * the provider chose it. Otherwise the same history comes back under new ids, and its place is what was said before it.
 */
export async function placeMessages(
  fresh: readonly Marked[],
  all: readonly Marked[],
  keepsIds: boolean,
): Promise<TurnMessage[]> {
  return Promise.all(
    fresh.map(async (item) => {
      const { said, id } = item;
      if (keepsIds || !MADE_UP.test(id))
        return { ...said, anchor: idAnchor(id), ...(id.length > LONGEST_ID ? {} : { id }) };
      const before = all.slice(0, all.indexOf(item)).map((earlier) => earlier.said);
      return { ...said, anchor: await prefixAnchor(before) };
    }),
  );
}

/** Gives what an aborted answer said so far its place; it has no id yet. */
export function placePartial(
  text: string,
  messages: readonly BaseMessage[],
  includeTools: readonly string[],
): () => Promise<TurnMessage[]> {
  return async () => {
    const said = stripMemoryBlocks(text);
    if (said === "") return [];
    const before = mapMessages(messages, includeTools).map((earlier) => earlier.said);
    return [{ role: "assistant", text: said, anchor: await prefixAnchor(before) }];
  };
}

/** Splits at each change between the user and everybody else: what was asked and what was answered are units of their own. */
export function unitsOf(fresh: readonly Marked[]): Marked[][] {
  const units: Marked[][] = [];
  for (const item of fresh) {
    const unit = units.at(-1);
    const isSameSide = (unit?.[0]?.said.role === "user") === (item.said.role === "user");
    if (unit !== undefined && isSameSide) unit.push(item);
    else units.push([item]);
  }
  return units;
}

/** Tells an edited message from the one before it; a hash for identity, cheap enough for a long state on every turn. */
function fingerprint(text: string): string {
  let high = 0xdeadbeef | 0;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 0x9e3779b1);
    low = Math.imul(low ^ code, 0x5f356495);
  }
  return `${(high >>> 0).toString(36)}${(low >>> 0).toString(36)}.${text.length.toString(36)}`;
}
