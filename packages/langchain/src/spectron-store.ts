import type { Spectron } from "@spectron/core";
import { requireBinding } from "@spectron/core/adapter";
import { BaseStore } from "@langchain/langgraph-checkpoint";
import type {
  GetOperation,
  Item,
  ListNamespacesOperation,
  Operation,
  OperationResults,
  PutOperation,
  SearchItem,
  SearchOperation,
} from "@langchain/langgraph-checkpoint";
import { itemText } from "./store/item-text.ts";
import { matchesFilter } from "./store/matches-filter.ts";
import { checkNamespace, endsWith, namespacePath, startsWith } from "./store/namespace-path.ts";
import { createStoreRecords } from "./store/store-records.ts";
import type { NewItem, StoreRecords, StoredNamespace } from "./store/store-records.ts";

export interface SpectronStoreOptions {
  spectron: Spectron;
  /** The scope that namespaces lie below, such as `org/acme/store`; best one that only this store uses. */
  scope: string;
  /** Fields whose words a query finds; `put` may name others. @default every field */
  index?: { fields: readonly string[] } | undefined;
  /** Who counts as the speaker of what is put: an assistant's words are trusted less. @default "assistant" */
  role?: "user" | "assistant" | undefined;
  /** Names each write. @default crypto.randomUUID */
  randomUUID?: (() => string) | undefined;
}

/** Most hits that the service answers a query with. */
const MOST_HITS = 50;
const DEFAULT_LIMIT = 10;

/**
 * LangGraph's store over the memory service: durable, searched without an embedding model, each namespace a scope of its
 * own. Unlike the other adapters it answers or throws: a store that hides a failure would lie about its items.
 */
export class SpectronStore extends BaseStore {
  private readonly options: SpectronStoreOptions;
  private readonly root: string;
  private readonly records: StoreRecords;

  constructor(options: SpectronStoreOptions) {
    super();
    this.options = options;
    this.root = requireBinding({ scope: options.scope, session: "store" }).scope;
    this.records = createStoreRecords({
      spectron: options.spectron,
      root: this.root,
      role: options.role ?? "assistant",
      randomUUID: options.randomUUID ?? (() => globalThis.crypto.randomUUID()),
    });
  }

  /** Reads see what was stored before the batch; of several puts of one key the last one counts. */
  override async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    const puts = operations.filter((operation) => "value" in operation);
    for (const put of puts) checkNamespace(put.namespace);
    const results = await Promise.all(
      operations.map(async (operation) => {
        if ("value" in operation) return null;
        if ("namespacePrefix" in operation) return this.searchItems(operation);
        return "key" in operation ? this.getItem(operation) : this.list(operation);
      }),
    );
    await this.write(puts);
    return results as OperationResults<Op>;
  }

  private async getItem({ namespace, key }: GetOperation): Promise<Item | null> {
    return (await this.records.get(namespace, key)) ?? null;
  }

  private async write(puts: readonly PutOperation[]): Promise<void> {
    const last = new Map(puts.map((put) => [JSON.stringify([put.namespace, put.key]), put]));
    const byNamespace = new Map<string, PutOperation[]>();
    for (const put of last.values()) {
      const name = JSON.stringify(put.namespace);
      byNamespace.set(name, [...(byNamespace.get(name) ?? []), put]);
    }
    await Promise.all(
      [...byNamespace.values()].map(async (group) => {
        const namespace = group[0]?.namespace ?? [];
        const items = group.flatMap((put): NewItem[] => {
          if (put.value === null) return [];
          return [{ key: put.key, value: put.value, text: this.textOf(put.value, put.index) }];
        });
        if (items.length > 0) await this.records.put(namespace, items);
        for (const put of group)
          if (put.value === null) await this.records.remove(namespace, put.key);
      }),
    );
  }

  private textOf(value: Record<string, unknown>, index: PutOperation["index"]): string {
    return index === false ? "" : itemText(value, index ?? this.options.index?.fields);
  }

  private async searchItems(operation: SearchOperation): Promise<SearchItem[]> {
    const { namespacePrefix, query, filter, limit = DEFAULT_LIMIT, offset = 0 } = operation;
    const namespaces = await this.records.namespaces(namespacePrefix);
    const found: SearchItem[] = [];
    if (query !== undefined && query.trim() !== "")
      found.push(...(await this.hits(namespacePrefix, query, namespaces)));
    const scored = new Set(found.map(nameOf));
    const kept = found.filter((item) => matchesFilter(item.value, filter));
    // like every store that scores: what the query does not reach comes after what it does
    for (const stored of namespaces) {
      if (kept.length >= offset + limit) break;
      for await (const item of this.records.items(stored)) {
        if (kept.length >= offset + limit) break;
        if (!scored.has(nameOf(item)) && matchesFilter(item.value, filter)) kept.push(item);
      }
    }
    return kept.slice(offset, offset + limit);
  }

  private async hits(
    prefix: readonly string[],
    query: string,
    namespaces: readonly StoredNamespace[],
  ): Promise<SearchItem[]> {
    const path = namespacePath(this.root, prefix);
    const { hits } = await this.options.spectron.query({
      query,
      lens: [[path === "/" ? "/*" : `${path}/*`]],
      include: ["passages"],
      k: MOST_HITS,
    });
    const bySession = new Map(namespaces.map((stored) => [stored.session, stored]));
    const items = await Promise.all(
      hits.map(async (hit): Promise<SearchItem[]> => {
        const stored = bySession.get(hit.sources?.[0]?.sessionId ?? "");
        const item = stored === undefined ? undefined : await this.records.item(stored, hit.id);
        return item === undefined ? [] : [{ ...item, score: hit.score }];
      }),
    );
    return items.flat();
  }

  private async list(operation: ListNamespacesOperation): Promise<string[][]> {
    const { matchConditions = [], maxDepth, limit, offset } = operation;
    const all = await this.records.namespaces([]);
    const matching = all
      .map(({ namespace }) => namespace)
      .filter((namespace) =>
        matchConditions.every(({ matchType, path }) =>
          matchType === "prefix" ? startsWith(namespace, path) : endsWith(namespace, path),
        ),
      )
      .map((namespace) => JSON.stringify(namespace.slice(0, maxDepth)));
    return [...new Set(matching)]
      .map((text) => JSON.parse(text) as string[])
      .toSorted((a, b) => (a.join(":") < b.join(":") ? -1 : 1))
      .slice(offset, limit === undefined ? undefined : offset + limit);
  }
}

function nameOf(item: Item): string {
  return JSON.stringify([item.namespace, item.key]);
}
