import type { Spectron } from "../client/spectron.ts";
import type { TurnResponse, TurnsResponse } from "../protocol/types.ts";
import { readParts } from "./transcript-wire.ts";

/** A change of the list, as it is stored. */
export interface TranscriptMark {
  /** The newest position that stays; everything after it is gone. */
  keep?: number | undefined;
  /** Everything before is gone, operation ids included. */
  clear?: true | undefined;
  /** The operation that this change belongs to, and what it asked for. */
  id?: string | undefined;
  digest?: string | undefined;
}

/** The stored turns of one transcript, read backwards and only as far as needed. */
export interface TranscriptLog<Item> {
  /** The session's newest turn, whoever stored it and whatever became of it. */
  newest(): Promise<{ id: string; seq: number } | undefined>;
  /** Present items, newest first; `expected` says how many will be looked at. */
  present(expected?: number): AsyncIterable<{ position: number; item: Item }>;
  /** Items that the newest change cleared, oldest first. */
  cleared(): Promise<Item[] | undefined>;
  /** Digest of an operation since the last clear, and where that was. */
  operation(id: string): Promise<{ known?: string | undefined; clearedAt?: number | undefined }>;
  /** True when nothing was stored, or nothing since the last clear. */
  isFresh(): Promise<boolean>;
}

type Event<Item> =
  | { seq: number; mark: TranscriptMark; item?: undefined }
  | { seq: number; mark?: undefined; item: Item };

/** Most turns of one page. */
const PAGE = 500;
/** First page where only the newest turn is asked for. */
const PEEK = 8;

export function openTranscriptLog<Item>(options: {
  spectron: Spectron;
  session: string;
  adapter: string;
}): TranscriptLog<Item> {
  const { spectron, session, adapter } = options;
  const turns: TurnResponse[] = [];
  let cursor: string | undefined;
  let complete = false;

  const load = async (limit: number): Promise<void> => {
    // revised turns too: only the order of arrival shows which turn is the newest
    const page = await spectron.send<TurnsResponse>({
      method: "GET",
      path: `${encodeURIComponent(spectron.context)}/sessions/${encodeURIComponent(session)}/turns`,
      query: {
        order: "desc",
        parts: "true",
        includeRevised: "true",
        limit: Math.min(limit, PAGE).toString(),
        cursor,
      },
    });
    turns.push(...page.turns);
    cursor = page.page?.nextCursor;
    complete = cursor === undefined;
  };

  async function* backwards(expected: number): AsyncGenerator<TurnResponse> {
    for (let index = 0; ; index += 1) {
      if (index === turns.length && !complete) await load(index === 0 ? expected + PEEK : PAGE);
      const turn = turns[index];
      if (turn === undefined) return;
      yield turn;
    }
  }

  // items and changes, newest first; an item that was too large for one turn is joined
  async function* events(expected: number): AsyncGenerator<Event<Item>> {
    let pieces: { seq: number; texts: string[] } | undefined;
    for await (const turn of backwards(expected)) {
      if (turn.endedAt !== undefined) continue;
      const parts = readParts(adapter, turn.parts);
      if (parts === undefined) continue;
      if (parts.piece === undefined) {
        pieces = undefined;
        const { mark } = parts;
        yield mark === undefined
          ? { seq: turn.seq, item: parts.item as Item }
          : { seq: turn.seq, mark };
        continue;
      }
      if (parts.last === true) pieces = { seq: turn.seq, texts: [] };
      // without its last piece, which somebody retracted, an item is gone
      if (pieces === undefined) continue;
      pieces.texts.unshift(parts.piece);
      if (parts.first !== true) continue;
      yield { seq: pieces.seq, item: JSON.parse(pieces.texts.join("")) as Item };
      pieces = undefined;
    }
  }

  // what is left when every later change has been applied, down to the first clear
  async function* fold(
    source: AsyncGenerator<Event<Item>>,
  ): AsyncGenerator<{ position: number; item: Item }> {
    let bound = Infinity;
    for await (const event of source) {
      const { seq, mark } = event;
      if (seq > bound) continue;
      if (mark === undefined) yield { position: seq, item: event.item };
      else if (mark.clear === true || mark.keep === 0) return;
      else if (mark.keep !== undefined) bound = mark.keep;
    }
  }

  return {
    async newest() {
      for await (const { id, seq } of backwards(1)) return { id, seq };
      return undefined;
    },
    present: (expected = PAGE) => fold(events(expected)),
    async cleared() {
      const source = events(1);
      const first = await source.next();
      if (first.done === true || first.value.mark?.clear !== true) return undefined;
      const items: Item[] = [];
      for await (const { item } of fold(source)) items.unshift(item);
      return items;
    },
    async operation(id) {
      for await (const { seq, mark } of events(PAGE)) {
        if (mark?.clear === true) return { clearedAt: seq };
        if (mark?.id === id) return { known: mark.digest ?? "" };
      }
      return {};
    },
    async isFresh() {
      for await (const { mark } of events(1)) return mark?.clear === true;
      return true;
    },
  };
}
