import type { SessionFilter, SessionsResponse } from "../protocol/reads.ts";
import type {
  AppendTurnRequest,
  AppendTurnResponse,
  ContextResponse,
  ListPage,
  SessionContextRequest,
  SessionCreateRequest,
  SessionResponse,
  TurnFilter,
  TurnResponse,
  TurnsResponse,
} from "../protocol/types.ts";
import type { Calls } from "./calls.ts";
import type { ReadOptions, WriteOptions } from "./options.ts";

export interface Sessions {
  /** A new session; with an `externalId` the one that has it already. */
  create(request?: SessionCreateRequest, options?: WriteOptions): Promise<SessionResponse>;
  get(id: string, options?: ReadOptions): Promise<SessionResponse>;
  /** Newest first. */
  list(filter?: SessionFilter & ListPage, options?: ReadOptions): Promise<SessionsResponse>;
  /** Ends appends; turns and facts stay, unless `purge` erases the turns. */
  close(id: string, options?: WriteOptions & { purge?: boolean | undefined }): Promise<void>;
  /** Turns in the order they were stored, or newest first with `order: "desc"`. */
  turns(id: string, filter?: TurnFilter & ListPage, options?: ReadOptions): Promise<TurnsResponse>;
  turn(
    id: string,
    turnId: string,
    options?: ReadOptions & { parts?: boolean | undefined },
  ): Promise<TurnResponse>;
  /** Takes a turn out of the conversation and of memory; `purge` erases it. */
  retract(
    id: string,
    turnId: string,
    options?: WriteOptions & { purge?: boolean | undefined },
  ): Promise<void>;
  /** One message of a session; `facts.batch` stores several at once. */
  append(
    id: string,
    request: AppendTurnRequest,
    options?: WriteOptions,
  ): Promise<AppendTurnResponse>;
  /** Text for a prompt: what is known, and the recent turns of this session. */
  context(
    id: string,
    request: SessionContextRequest,
    options?: ReadOptions,
  ): Promise<ContextResponse>;
}

export function createSessions({ get, post, remove }: Calls): Sessions {
  return {
    create: async (request = {}, options) =>
      post("sessions", [], request, { ...options, field: "id" }),
    get: async (id, options) => get("sessions/{id}", [id], {}, options),
    list: async (filter = {}, options) => get("sessions", [], filter, options),
    close: async (id, { purge, ...options } = {}) =>
      remove("sessions/{id}", [id], { purge }, options),
    turns: async (id, filter = {}, options) =>
      get("sessions/{id}/turns", [id], filter, { ...options, field: "turns" }),
    turn: async (id, turnId, { parts, ...options } = {}) =>
      get("sessions/{id}/turns/{turn}", [id, turnId], { parts }, options),
    retract: async (id, turnId, { purge, ...options } = {}) =>
      remove("sessions/{id}/turns/{turn}", [id, turnId], { purge }, options),
    append: async (id, request, options) => post("sessions/{id}/turns", [id], request, options),
    context: async (id, request, options) =>
      post("sessions/{id}/context", [id], request, {
        ...options,
        repeatable: true,
        field: "context",
      }),
  };
}
