import { reportFailure } from "@spectron/core/adapter";
import type { AdapterMemory, MemoryBinding, MemoryOptions } from "@spectron/core/adapter";

/** Stored messages that a regenerated answer, an edit or a deletion left behind. */
export interface Leftovers {
  /** Messages with these ids were said again. */
  keep(ids: readonly (string | undefined)[]): void;
  /** Takes the others out of the conversation and of memory, but for those that `isKept` names. */
  retract(isKept?: (id: string) => boolean): void;
}

/** A conversation by the application's ids, oldest first: the whole of it, or its newest part. */
export interface KnownConversation {
  ids: readonly string[];
  /** The user's message that is answered now; earlier answers to it were stored under its id. */
  question?: string | undefined;
}

interface StoredMessage {
  turn: string;
  id: string;
}

/** Newest messages of a session that are looked at. */
const PAGE = 200;

/**
 * Compares what is stored with the conversation, in the thread's order: what the list says is decided when a call
 * begins, so that nothing is taken for left behind that came after it.
 */
export function findLeftovers(
  memory: AdapterMemory,
  options: MemoryOptions,
  binding: MemoryBinding,
  conversation: KnownConversation,
): Leftovers {
  const { spectron } = options;
  const kept = new Set<string>();
  const isStored = options.store !== "never" && binding.scope !== "" && binding.session !== "";
  let found: StoredMessage[] = [];

  const inOrder = (work: () => Promise<void>): void => {
    const nothingToStore = async (): Promise<[]> => {
      await work();
      return [];
    };
    // the kit reports what fails
    memory.write(binding, nothingToStore).catch(() => undefined);
  };

  const look = async (): Promise<StoredMessage[]> => {
    const announced = await spectron.capabilities();
    if (!announced.has("client-message-id") || !announced.has("message-revisions")) return [];
    const session = await memory.sessionId(binding);
    const { turns } = await spectron.sessions.turns(session, { order: "desc", limit: PAGE });
    const stored = turns
      .toReversed()
      .flatMap(({ id, clientId }) => (clientId ? [{ turn: id, id: clientId }] : []));
    return [...departed(stored, conversation.ids), ...earlierAnswers(stored, conversation)];
  };
  if (isStored)
    inOrder(async () => {
      try {
        found = await look();
      } catch (error) {
        // the messages behind this look must not wait for it
        reportFailure(options, error, { operation: "store" });
      }
    });

  return {
    keep(ids) {
      for (const id of ids) if (id !== undefined) kept.add(id);
    },
    retract(isKept = () => false) {
      if (!isStored) return;
      inOrder(async () => {
        const stays = ({ id }: StoredMessage): boolean => kept.has(id) || isKept(id);
        const leaving = found.filter((message) => !stays(message));
        found = found.filter(stays);
        if (leaving.length === 0) return;
        const session = await memory.sessionId(binding);
        for (const { turn } of leaving) await spectron.sessions.retract(session, turn);
      });
    },
  };
}

/** The message that a part of it, or an answer to it, belongs to. */
export function ownerOf(id: string): string {
  return id.slice(0, Math.max(0, id.lastIndexOf("/")));
}

/**
 * Messages in whose place the conversation has nothing. Where it has a message there that is not stored, as after an
 * application gave its messages other ids, nothing counts as gone; nor does what is older than its first message.
 */
function departed(stored: readonly StoredMessage[], ids: readonly string[]): StoredMessage[] {
  const places = new Map(ids.map((id, index) => [id, index]));
  const gone: StoredMessage[] = [];
  let between: StoredMessage[] = [];
  let previous: number | undefined;
  for (const message of stored) {
    const place = places.get(message.id) ?? places.get(ownerOf(message.id));
    if (place === undefined) {
      between.push(message);
      continue;
    }
    if (previous !== undefined && place === previous + 1) gone.push(...between);
    between = [];
    previous = place;
  }
  return previous === ids.length - 1 ? [...gone, ...between] : gone;
}

function earlierAnswers(
  stored: readonly StoredMessage[],
  { question }: KnownConversation,
): StoredMessage[] {
  return question === undefined ? [] : stored.filter(({ id }) => ownerOf(id) === question);
}
