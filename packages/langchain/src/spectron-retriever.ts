import { MemoryError } from "@spectron/core";
import type { QueryHit, QueryRequest, Spectron } from "@spectron/core";
import { reportFailure, requireBinding } from "@spectron/core/adapter";
import type { OnError } from "@spectron/core/adapter";
import { sharedBreaker } from "@spectron/core/transcript";
import { Document } from "@langchain/core/documents";
import { BaseRetriever } from "@langchain/core/retrievers";
import type { BaseRetrieverInput } from "@langchain/core/retrievers";
import type { RunnableConfig } from "@langchain/core/runnables";
import { readSource } from "./options.ts";
import type { FromRuntime, MemoryRuntime } from "./options.ts";

export interface SpectronRetrieverOptions extends BaseRetrieverInput {
  spectron: Spectron;
  /** Whose memory, such as `org/acme/user/alice`, or how to read it from the config of `invoke`. */
  scope: FromRuntime;
  /** Only what one conversation of the service holds, by its `sess_…` id. */
  sessionId?: string | undefined;
  /** Most documents. @default 10 */
  k?: number | undefined;
  mode?: QueryRequest["mode"];
  /** Turns as they were said, facts that were learned, or both. @default both */
  include?: QueryRequest["include"];
  /** Longest wait before the chain goes on without documents. @default 800 */
  timeoutMs?: number | undefined;
  onError?: OnError | undefined;
  /** `throw` makes a memory failure fail the call. @default "open" */
  failureMode?: "open" | "throw" | undefined;
}

/** What a document says about where it comes from. */
export interface MemoryMetadata {
  id: string;
  score: number;
  source: string;
  occurredAt?: string | undefined;
  session?: string | undefined;
  /** Id of the turn that says so. */
  turn?: string | undefined;
  role?: string | undefined;
  trust?: number | undefined;
  quote?: string | undefined;
}

const DEFAULT_K = 10;
const DEFAULT_TIMEOUT_MS = 800;

/** Long-term memory as documents, each with its score, conversation, turn and trust. */
export class SpectronRetriever extends BaseRetriever<MemoryMetadata> {
  override lc_namespace: string[] = ["spectron", "retrievers"];
  private readonly options: SpectronRetrieverOptions;
  private readonly runtime: MemoryRuntime;

  static override lc_name(): string {
    return "SpectronRetriever";
  }

  constructor(options: SpectronRetrieverOptions, runtime: MemoryRuntime = {}) {
    super(options);
    this.options = options;
    this.runtime = runtime;
  }

  override async invoke(
    input: string,
    config?: Partial<RunnableConfig>,
  ): Promise<Document<MemoryMetadata>[]> {
    if (config === undefined || this.runtime === config) return super.invoke(input, config);
    // what a retriever is asked with reaches its query through nothing else
    return new SpectronRetriever(this.options, config as MemoryRuntime).invoke(input, config);
  }

  override async _getRelevantDocuments(query: string): Promise<Document<MemoryMetadata>[]> {
    const { spectron, failureMode, timeoutMs = DEFAULT_TIMEOUT_MS } = this.options;
    try {
      const request = this.request(query);
      const { hits } = await sharedBreaker(this.options).run(async () =>
        spectron.query(request, { timeoutMs, retries: 0, signal: this.runtime.signal }),
      );
      return hits.map(toDocument);
    } catch (error) {
      if (failureMode === "throw" || !MemoryError.isInstance(error)) throw error;
      reportFailure(this.options, error, { operation: "recall" });
      return [];
    }
  }

  private request(query: string): QueryRequest {
    const { k, mode, include, sessionId } = this.options;
    // the check of a binding wants a conversation, which a query does not need
    const { scope } = requireBinding({
      scope: readSource(this.options.scope, this.runtime) ?? "",
      session: "any",
    });
    return {
      query,
      lens: [[scope]],
      k: k ?? DEFAULT_K,
      ...(mode === undefined ? {} : { mode }),
      ...(include === undefined ? {} : { include }),
      ...(sessionId === undefined ? {} : { sessionId }),
    };
  }
}

function toDocument(hit: QueryHit): Document<MemoryMetadata> {
  const origin = hit.sources?.[0];
  const turn = origin?.ref?.startsWith("turn:") === true ? origin.ref.slice(5) : undefined;
  return new Document<MemoryMetadata>({
    pageContent: hit.text,
    id: hit.id,
    metadata: {
      id: hit.id,
      score: hit.score,
      source: hit.source,
      occurredAt: hit.occurredAt,
      session: origin?.sessionId,
      turn,
      role: origin?.role,
      trust: origin?.trust,
      quote: origin?.quote,
    },
  });
}
