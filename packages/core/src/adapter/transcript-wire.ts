import type { WireMessage } from "../protocol/types.ts";
import type { TranscriptMark } from "./transcript-log.ts";
import type { TranscriptEntry } from "./transcript.ts";
import { toWire, withoutMemory } from "./wire-message.ts";

/** What stands in a turn's parts: an item, a piece of a large one, or a change of the list. */
type Parts =
  | { item: unknown; mark?: undefined; piece?: undefined }
  | { mark: TranscriptMark; item?: undefined; piece?: undefined }
  | { piece: string; first?: true | undefined; last?: true | undefined };

/** Characters of JSON that one turn keeps; escaped again they stay below the service's 256 KiB. */
const PIECE_CHARACTERS = 60_000;
/** Characters of text that one turn remembers, four bytes each at most. */
const CONTENT_CHARACTERS = 64 * 1024;
/** Turns and characters of one request. */
const BATCH_TURNS = 500;
const BATCH_CHARACTERS = 2 * 1024 * 1024;

/** The turns of one item: its words in the last, with the item, or with its end when it is large. */
export function itemTurns<Item>(adapter: string, entry: TranscriptEntry<Item>): WireMessage[] {
  const text = JSON.stringify(entry.item);
  const words = wordsOf(entry);
  if (text.length <= PIECE_CHARACTERS)
    return [{ ...words, parts: { transcript: adapter, item: entry.item } }];
  const pieces = cut(text);
  const silent = { role: words.role, content: "", remember: false };
  return pieces.map((piece, index) => ({
    ...(index === pieces.length - 1 ? words : silent),
    parts: {
      transcript: adapter,
      piece,
      ...(index === 0 ? { first: true } : {}),
      ...(index === pieces.length - 1 ? { last: true } : {}),
    },
  }));
}

/** The turn of a change; nobody said it, so it has no words. */
export function markTurn(adapter: string, mark: TranscriptMark): WireMessage {
  return { role: "system", content: "", remember: false, parts: { transcript: adapter, mark } };
}

/** Parts that this adapter stored; undefined for anybody else's turn. */
export function readParts(adapter: string, parts: unknown): Parts | undefined {
  const found = parts as ({ transcript?: unknown } & Parts) | null | undefined;
  if (typeof found !== "object" || found === null || found.transcript !== adapter) return undefined;
  const { transcript: _, ...rest } = found;
  return rest as Parts;
}

/** Requests in which the turns travel. */
export function batchesOf(messages: readonly WireMessage[]): WireMessage[][] {
  const batches: WireMessage[][] = [];
  let size = Infinity;
  for (const message of messages) {
    const own = JSON.stringify(message).length;
    if (size + own > BATCH_CHARACTERS || batches.at(-1)?.length === BATCH_TURNS) {
      batches.push([]);
      size = 0;
    }
    size += own;
    batches.at(-1)?.push(message);
  }
  return batches;
}

function wordsOf<Item>({ message, remember }: TranscriptEntry<Item>): WireMessage {
  const [said] = message === undefined ? [] : withoutMemory([{ ...message, anchor: "" }]);
  if (said === undefined) return { role: message?.role ?? "system", content: "", remember: false };
  const wire = toWire(said, { ids: false, parts: false });
  const content = storable(wire.content);
  return { ...wire, content, ...(remember === false || content === "" ? { remember: false } : {}) };
}

/** Text as every store keeps it. The item beside it stays as it was. */
function storable(text: string): string {
  return text.slice(0, CONTENT_CHARACTERS).toWellFormed().replaceAll("\u0000", "");
}

function cut(text: string): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += PIECE_CHARACTERS)
    pieces.push(text.slice(at, at + PIECE_CHARACTERS));
  return pieces;
}
