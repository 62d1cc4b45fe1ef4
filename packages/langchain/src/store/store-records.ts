import { MemoryError } from "@spectron/core";
import type { SessionResponse, Spectron, TurnResponse, WireMessage } from "@spectron/core";
import type { Item } from "@langchain/langgraph-checkpoint";
import { namespacePath, startsWith } from "./namespace-path.ts";

/** One namespace that holds items. */
export interface StoredNamespace {
  namespace: string[];
  session: string;
}

/** What a turn keeps of an item beside its words. */
interface ItemParts {
  key: string;
  value: Record<string, unknown>;
  /** Absent on the first version, whose turn says it. */
  createdAt?: string | undefined;
}

export interface NewItem {
  key: string;
  value: Record<string, unknown>;
  /** Empty: the item is kept and never found by a query. */
  text: string;
}

/** Items as turns: one session a namespace, the key as the message's id, a new version as a revision. */
export interface StoreRecords {
  /** Namespaces at or below a prefix, oldest first. */
  namespaces(prefix: readonly string[]): Promise<StoredNamespace[]>;
  get(namespace: readonly string[], key: string): Promise<Item | undefined>;
  /** Every item of a namespace, in the order in which keys were first stored. */
  items(stored: StoredNamespace): AsyncIterable<Item>;
  item(stored: StoredNamespace, turn: string): Promise<Item | undefined>;
  put(namespace: readonly string[], items: readonly NewItem[]): Promise<void>;
  remove(namespace: readonly string[], key: string): Promise<void>;
}

/** Marks the service's sessions that belong to stores. */
const MARK = "langgraph";
const PAGE = 500;
const LONGEST_ID = 128;
const LONGEST_EXTERNAL_ID = 256;
/** Namespaces whose session is remembered. */
const REMEMBERED = 10_000;
const NEEDED = ["client-message-id", "message-revisions", "external-session-id", "turn-parts"];

export function createStoreRecords(options: {
  spectron: Spectron;
  root: string;
  role: "user" | "assistant";
  randomUUID: () => string;
}): StoreRecords {
  const { spectron, root, role } = options;
  const sessions = new Map<string, string>();
  let checked: Promise<void> | undefined;

  const check = async (): Promise<void> => {
    const announced = await spectron.capabilities();
    const absent = NEEDED.filter((name) => !announced.has(name));
    if (absent.length > 0)
      throw new MemoryError(
        "unsupported",
        `This service cannot keep a store: it does not announce ${absent.join(", ")}.`,
      );
  };
  const ready = async (): Promise<void> => {
    checked ??= check();
    const asked = checked;
    // a failed look is no answer: the next call asks again
    asked.catch(() => {
      if (checked === asked) checked = undefined;
    });
    await asked;
  };

  const externalId = async (namespace: readonly string[]): Promise<string> => {
    const name = `${MARK}-store:${namespacePath(root, namespace)}`;
    return name.length <= LONGEST_EXTERNAL_ID ? name : `${MARK}-store#${await sha256(name)}`;
  };
  const remember = (namespace: readonly string[], session: string): string => {
    sessions.set(JSON.stringify(namespace), session);
    if (sessions.size > REMEMBERED) sessions.delete(sessions.keys().next().value ?? "");
    return session;
  };

  const find = async (namespace: readonly string[]): Promise<string | undefined> => {
    const known = sessions.get(JSON.stringify(namespace));
    if (known !== undefined) return known;
    const found = await spectron.sessions.list({ externalId: await externalId(namespace) });
    const session = found.sessions.find((item) => namespaceOf(item) !== undefined);
    return session === undefined ? undefined : remember(namespace, session.id);
  };
  const open = async (namespace: readonly string[]): Promise<string> => {
    const known = await find(namespace);
    if (known !== undefined) return known;
    const made = await spectron.sessions.create(
      {
        externalId: await externalId(namespace),
        scopes: [[namespacePath(root, namespace)]],
        metadata: { store: MARK, namespace },
      },
      { idempotencyKey: options.randomUUID() },
    );
    return remember(namespace, made.id);
  };

  const present = async (session: string, key: string): Promise<TurnResponse | undefined> => {
    const filter = { clientId: await messageId(key), parts: true, limit: 1 };
    return (await spectron.sessions.turns(session, filter)).turns[0];
  };

  return {
    async namespaces(prefix) {
      await ready();
      const path = namespacePath(root, prefix);
      const lens = [[path === "/" ? "/*" : `${path}/*`]];
      const found: StoredNamespace[] = [];
      let cursor: string | undefined;
      do {
        const page = await spectron.sessions.list({ lens, limit: PAGE, cursor });
        for (const session of page.sessions) {
          const namespace = namespaceOf(session);
          const isOurs =
            namespace !== undefined &&
            startsWith(namespace, prefix) &&
            session.scopes[0]?.[0] === namespacePath(root, namespace);
          if (isOurs) found.unshift({ namespace, session: session.id });
        }
        cursor = page.page?.nextCursor;
      } while (cursor !== undefined);
      return found;
    },

    async get(namespace, key) {
      await ready();
      const session = await find(namespace);
      if (session === undefined) return undefined;
      const turn = await present(session, key);
      return turn === undefined ? undefined : toItem([...namespace], turn);
    },

    async *items({ namespace, session }) {
      let cursor: string | undefined;
      do {
        const page = await spectron.sessions.turns(session, { parts: true, limit: PAGE, cursor });
        for (const turn of page.turns) {
          const item = toItem(namespace, turn);
          if (item !== undefined) yield item;
        }
        cursor = page.page?.nextCursor;
      } while (cursor !== undefined);
    },

    item: async ({ namespace, session }, turn) =>
      toItem(namespace, await spectron.sessions.turn(session, turn, { parts: true })),

    async put(namespace, items) {
      await ready();
      const session = await open(namespace);
      const messages = await Promise.all(
        items.map(async ({ key, value, text }): Promise<WireMessage> => {
          const before = await present(session, key);
          const createdAt = partsOf(before)?.createdAt ?? before?.createdAt;
          return {
            role,
            content: text,
            id: await messageId(key),
            parts: { key, value, ...(createdAt === undefined ? {} : { createdAt }) },
            ...(text === "" ? { remember: false } : {}),
          };
        }),
      );
      await spectron.facts.batch(
        { session_id: session, scopes: [[namespacePath(root, namespace)]], messages },
        { idempotencyKey: options.randomUUID() },
      );
    },

    async remove(namespace, key) {
      await ready();
      const session = await find(namespace);
      const turn = session === undefined ? undefined : await present(session, key);
      if (session !== undefined && turn !== undefined)
        await spectron.sessions.retract(session, turn.id);
    },
  };
}

function namespaceOf(session: SessionResponse): string[] | undefined {
  const { store, namespace } = session.metadata ?? {};
  return store === MARK && Array.isArray(namespace) ? (namespace as string[]) : undefined;
}

function partsOf(turn: TurnResponse | undefined): ItemParts | undefined {
  const parts = turn?.parts as Partial<ItemParts> | null | undefined;
  return typeof parts?.key === "string" && typeof parts.value === "object"
    ? (parts as ItemParts)
    : undefined;
}

function toItem(namespace: string[], turn: TurnResponse): Item | undefined {
  const parts = partsOf(turn);
  if (parts === undefined || turn.endedAt !== undefined) return undefined;
  return {
    namespace,
    key: parts.key,
    value: parts.value,
    createdAt: new Date(parts.createdAt ?? turn.createdAt),
    updatedAt: new Date(turn.createdAt),
  };
}

/** The key itself where the service takes it as an id. */
async function messageId(key: string): Promise<string> {
  const isPlain =
    key.length < LONGEST_ID && key !== "" && key.isWellFormed() && !key.includes("\0");
  return isPlain && !key.startsWith("#") ? key : `#${await sha256(key)}`;
}

async function sha256(text: string): Promise<string> {
  const bytes = await globalThis.crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
