import { MemoryError, isConflict } from "../client/errors.ts";
import type { Drainable, Spectron } from "../client/spectron.ts";
import { messageUnit, sha256 } from "../identity/key.ts";
import { canonicalJson } from "../protocol/canonical-json.ts";
import { createSessionBinder, requireBinding } from "./binding.ts";
import { bindingKey } from "./binding-key.ts";
import { openTranscriptLog } from "./transcript-log.ts";
import type { TranscriptLog, TranscriptMark } from "./transcript-log.ts";
import { batchesOf, itemTurns, markTurn } from "./transcript-wire.ts";
import type { MemoryBinding, SessionMap, TurnMessage } from "./types.ts";

export { sharedBreaker, transcriptBreaker } from "./shared-breaker.ts";
export type { Breaker } from "./breaker.ts";

/** One item of a transcript, and what it says. */
export interface TranscriptEntry<Item> {
  /** The platform's own JSON; comes back as it was. */
  item: Item;
  /** The words that become memory, stored in the same turn. Absent: the item says nothing. */
  message?: Omit<TurnMessage, "anchor"> | undefined;
  /** False keeps the words in the transcript alone. @default true */
  remember?: boolean | undefined;
}

/** What is stored when a write is decided; read only as far as it is looked at. */
export interface TranscriptHistory<Item> {
  /** Present items, newest first; positions only grow. */
  newestFirst(): AsyncIterable<{ position: number; item: Item }>;
  /** What the newest change cleared, oldest first; undefined when the newest change is no clear. */
  cleared(): Promise<Item[] | undefined>;
}

/** Entries, or how to make them from what is stored; called again when another writer came first. */
export type EntrySource<Item> =
  | readonly TranscriptEntry<Item>[]
  | ((history: TranscriptHistory<Item>) => Promise<readonly TranscriptEntry<Item>[]>);

/** A lossless list of JSON items over one session; its changes are appended, so nothing remembered is ever lost. */
export interface Transcript<Item> {
  /** The newest `limit` items, or all, oldest first. */
  read(options?: { limit?: number | undefined }): Promise<Item[]>;
  /** With an operation id: once, however often it is called. */
  append(entries: EntrySource<Item>, options?: { operationId?: string | undefined }): Promise<void>;
  /** Takes the newest item out of the list and returns it. */
  pop(): Promise<Item | undefined>;
  /** Empties the list; what was learned from it stays, and operation ids start anew. */
  clear(): Promise<void>;
  /**
   * Puts `replacement` in the place of the newest items, once for an operation id.
   *
   * @throws MemoryError `conflict` when the newest items are not `expected`; nothing changes.
   */
  replaceSuffix(
    expected: readonly Item[],
    replacement: readonly TranscriptEntry<Item>[],
    options: { operationId: string },
  ): Promise<void>;
  /** Stores the list that `change` makes of the present one; what it adds is not remembered. */
  rewrite(change: (items: Item[]) => readonly Item[]): Promise<void>;
}

export interface TranscriptOptions {
  spectron: Spectron;
  /** The adapter's name; adapters that share a session keep separate lists. */
  adapter: string;
  binding: MemoryBinding;
  sessions?: SessionMap | undefined;
  /** Names each `pop`, so that a resend takes no second item. @default crypto.randomUUID */
  randomUUID?: (() => string) | undefined;
}

interface Plan<Item> {
  mark?: TranscriptMark | undefined;
  entries: readonly TranscriptEntry<Item>[];
  /** The key's own unit; absent: place and words of the entries. */
  operation?: string | undefined;
}

/** Every lost attempt means that another writer got through, so this many in a row are a fault. */
const ATTEMPTS = 50;

/**
 * Keeps a platform's messages in the service, each in the turn that also remembers it.
 *
 * @throws MemoryError `configuration` for a binding without scope or session.
 */
export function createTranscript<Item>(options: TranscriptOptions): Transcript<Item> {
  const { spectron, adapter } = options;
  const binding = requireBinding(options.binding);
  const scopes = [[binding.scope]];
  const newId = options.randomUUID ?? (() => globalThis.crypto.randomUUID());
  const bindSession = createSessionBinder(options);
  let tail: Promise<unknown> = Promise.resolve();

  const queue: Drainable = {
    async flush() {
      await tail;
    },
    // who called waits for it
    undelivered: () => 0,
  };

  /** Calls on one transcript happen in the order in which they were made. */
  const inOrder = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    const result = tail.then(work);
    const settled = result.then(
      () => undefined,
      () => undefined,
    );
    tail = settled;
    spectron.drainables.add(queue);
    void settled.then(() => {
      if (tail === settled) spectron.drainables.delete(queue);
    });
    return result;
  };

  const open = async (): Promise<{ session: string; log: TranscriptLog<Item> }> => {
    if (!(await spectron.capabilities()).has("turn-parts"))
      throw new MemoryError(
        "unsupported",
        'This service does not keep messages as they are. Give the adapter a "transcript" of your own; memory goes on beside it.',
      );
    const session = await bindSession(binding);
    return { session, log: openTranscriptLog<Item>({ spectron, session, adapter }) };
  };

  const keyOf = async (plan: Plan<Item>, position: number): Promise<string> =>
    plan.operation === undefined
      ? bindingKey(options, binding, "batch", [
          ...(plan.mark === undefined ? [] : [`#${position}:${canonicalJson(plan.mark)}`]),
          ...(await Promise.all(
            plan.entries.map(async ({ message }, index) =>
              messageUnit(`#${position + index}`, message ?? { role: "system", text: "" }),
            ),
          )),
        ])
      : bindingKey(options, binding, "op", [plan.operation]);

  /** Decides on what is stored, and stores the decision unless something else was stored meanwhile. */
  const commit = async (
    decide: (log: TranscriptLog<Item>) => Promise<Plan<Item> | undefined>,
  ): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      const { session, log } = await open();
      const plan = await decide(log);
      if (plan === undefined) return;
      const newest = await log.newest();
      const messages = [
        ...(plan.mark === undefined ? [] : [markTurn(adapter, plan.mark)]),
        ...plan.entries.flatMap((entry) => itemTurns(adapter, entry)),
      ];
      if (messages.length === 0) return;
      const batches = batchesOf(messages);
      if (batches.length > 1 && plan.mark !== undefined)
        throw new MemoryError(
          "validation",
          "This change of the transcript is larger than what the service stores at once.",
        );
      const key = await keyOf(plan, (newest?.seq ?? 0) + 1);
      const store = async (index: number, after?: string | null): Promise<unknown> =>
        spectron.facts.batch(
          {
            session_id: session,
            scopes,
            ...(after === undefined ? {} : { after }),
            messages: batches[index] ?? [],
          },
          { idempotencyKey: index === 0 ? key : `${key}-${index}` },
        );
      try {
        await store(0, newest?.id ?? null);
      } catch (error) {
        // the key of a lost attempt may be known under other bytes; a new reading makes a new key
        if (isConflict(error) && attempt < ATTEMPTS) continue;
        throw error;
      }
      for (let index = 1; index < batches.length; index += 1) await store(index);
      return;
    }
  };

  /** A change that carries an id happens once; the id lives in the same turn as the change. */
  const once = async (
    log: TranscriptLog<Item>,
    operationId: string,
    change: unknown,
    make: () => Promise<Plan<Item>>,
  ): Promise<Plan<Item> | undefined> => {
    const digest = await sha256(canonicalJson(change));
    const { known, clearedAt } = await log.operation(operationId);
    if (known !== undefined && known !== digest)
      throw new MemoryError(
        "conflict",
        "This operation id was used for another change of the transcript. Use one id for one change.",
      );
    if (known !== undefined) return undefined;
    const plan = await make();
    return {
      ...plan,
      mark: { ...plan.mark, id: operationId, digest },
      operation: clearedAt === undefined ? operationId : `${operationId}#${clearedAt}`,
    };
  };

  const resolve = async (
    source: EntrySource<Item>,
    log: TranscriptLog<Item>,
  ): Promise<readonly TranscriptEntry<Item>[]> =>
    typeof source === "function"
      ? source({ newestFirst: () => log.present(), cleared: async () => log.cleared() })
      : source;

  return {
    read: async ({ limit } = {}) =>
      inOrder(async () => {
        if (limit !== undefined && limit <= 0) return [];
        const items: Item[] = [];
        for await (const { item } of (await open()).log.present(limit)) {
          items.push(item);
          if (items.length === limit) break;
        }
        return items.toReversed();
      }),

    append: async (source, { operationId } = {}) =>
      inOrder(async () =>
        commit(async (log) => {
          const entries = await resolve(source, log);
          if (operationId === undefined) return { entries };
          const change = { append: entries.map(({ item }) => item) };
          return once(log, operationId, change, async () => ({ entries }));
        }),
      ),

    pop: async () =>
      inOrder(async () => {
        let popped: Item | undefined;
        const id = newId();
        await commit(async (log) => {
          const newest: { position: number; item: Item }[] = [];
          for await (const found of log.present(2)) {
            newest.push(found);
            if (newest.length === 2) break;
          }
          popped = newest[0]?.item;
          if (newest.length === 0) return undefined;
          return { mark: { id, keep: newest[1]?.position ?? 0 }, entries: [], operation: id };
        });
        return popped;
      }),

    clear: async () =>
      inOrder(async () =>
        commit(async (log) =>
          (await log.isFresh()) ? undefined : { mark: { clear: true }, entries: [] },
        ),
      ),

    replaceSuffix: async (expected, replacement, { operationId }) =>
      inOrder(async () =>
        commit(async (log) => {
          const change = { expected, replacement: replacement.map(({ item }) => item) };
          return once(log, operationId, change, async () => {
            const mark = { keep: await keptBefore(log, expected) };
            return { mark, entries: replacement };
          });
        }),
      ),

    rewrite: async (change) =>
      inOrder(async () =>
        commit(async (log) => {
          const stored: { position: number; item: Item }[] = [];
          for await (const found of log.present()) stored.unshift(found);
          const before = stored.map(({ item }) => canonicalJson(item));
          const next = change(stored.map(({ item }) => structuredClone(item)));
          const after = next.map((item) => canonicalJson(item));
          let same = 0;
          while (same < after.length && before[same] === after[same]) same += 1;
          if (same === before.length && same === after.length) return undefined;
          return {
            mark: { keep: stored[same - 1]?.position ?? 0 },
            entries: next.slice(same).map((item) => ({ item })),
          };
        }),
      ),
  };
}

/** Position of the newest item that stays when the expected suffix goes. */
async function keptBefore<Item>(
  log: TranscriptLog<Item>,
  expected: readonly Item[],
): Promise<number> {
  let checked = 0;
  for await (const { position, item } of log.present(expected.length + 1)) {
    if (checked === expected.length) return position;
    const wanted = expected[expected.length - 1 - checked];
    if (canonicalJson(item) !== canonicalJson(wanted)) break;
    checked += 1;
  }
  if (checked === expected.length) return 0;
  throw new MemoryError(
    "conflict",
    "The newest items of the transcript are not the expected ones. Read it again and decide anew.",
  );
}
