import type {
  ChatRequest,
  ChatResponse,
  Citation,
  ReflectRequest,
  ReflectResponse,
} from "../protocol/chat.ts";
import type { ExtractionResult } from "../protocol/types.ts";
import { createCalls } from "./calls.ts";
import { MemoryError, toApiError } from "./errors.ts";
import { readEvents } from "./event-stream.ts";
import type { ReadOptions, WriteOptions } from "./options.ts";
import { parseJson } from "./read-body.ts";
import { hasType } from "./send.ts";
import type { Spectron } from "./spectron.ts";

/** A piece of the reply, or its end with what a whole answer says. */
export type ChatEvent =
  | { type: "delta"; text: string }
  | {
      type: "done";
      reply: string;
      sessionId?: string | undefined;
      traceId?: string | undefined;
      memoryUpdates?: ExtractionResult | undefined;
      citations?: Citation[] | undefined;
    };

/** Answers that the service's own model writes; a service without a model refuses with code `unsupported`. */
export interface Chat {
  send(request: ChatRequest, options?: WriteOptions): Promise<ChatResponse>;
  /**
   * The reply while it is written; never retried. The last event is `done`, a stream without it ends in an error.
   *
   * @throws MemoryError also in the middle: `timeout` after `timeoutMs` without a byte.
   */
  stream(request: ChatRequest, options?: ReadOptions): AsyncGenerator<ChatEvent, void, undefined>;
  /** A conclusion from what is remembered; `persist` stores it. */
  reflect(request: ReflectRequest, options?: WriteOptions): Promise<ReflectResponse>;
}

const CALL = "POST /chat";
const STALL_MS = 30_000;
const MOST_CHARACTERS = 32 * 1024 * 1024;

/** Chat and reflection of a service, over the same connection. */
export function createChat(spectron: Spectron): Chat {
  const { post } = createCalls(spectron.send, spectron.context);
  return {
    send: async (request, options) => post("chat", [], request, { ...options, field: "reply" }),
    reflect: async (request, options) =>
      post("reflect", [], request, { ...options, field: "reflection" }),
    async *stream(request, options = {}) {
      const answer = await post<Response | ChatResponse>(
        "chat",
        [],
        { ...request, stream: true },
        {
          ...options,
          retries: 0,
          accept: "text/event-stream, application/json",
          isUnread: (response) => response.ok && hasType(response, "event-stream"),
        },
      );
      if ("reply" in answer) {
        // a service may answer at once although a stream was asked for
        yield finish(answer, answer.reply);
        return;
      }
      const { timeoutMs = STALL_MS, signal } = options;
      const events = readEvents(answer, { call: CALL, timeoutMs, most: MOST_CHARACTERS, signal });
      let reply = "";
      for await (const { event, data } of events) {
        const body = parseJson(data);
        const isObject = typeof body === "object" && body !== null && !Array.isArray(body);
        const frame = (isObject ? body : {}) as Frame;
        if (event === "error" || frame.error !== undefined) throw toError(frame);
        if (event === "done" || frame.done === true || data === "[DONE]") {
          if (!isObject && data !== "[DONE]" && data !== "") throw cut();
          yield finish(frame, reply);
          return;
        }
        const text = isObject ? (frame.delta ?? frame.token) : data;
        if (typeof text !== "string" || text === "") continue;
        reply += text;
        yield { type: "delta", text };
      }
      throw cut();
    },
  };
}

/** What any form of a frame may hold (contract 7.6). */
interface Frame extends Partial<ChatResponse> {
  delta?: unknown;
  token?: unknown;
  done?: unknown;
  error?: unknown;
  session_id?: string;
  trace_id?: string;
  memory_updates?: ExtractionResult;
}

function finish(frame: Frame, written: string): ChatEvent {
  return {
    type: "done",
    reply: frame.reply ?? written,
    sessionId: frame.sessionId ?? frame.session_id,
    traceId: frame.traceId ?? frame.trace_id,
    memoryUpdates: frame.memoryUpdates ?? frame.memory_updates,
    citations: frame.citations,
  };
}

function cut(): MemoryError {
  return new MemoryError("invalid_response", `${CALL}: the stream ended before the reply did.`);
}

function toError(frame: Frame): MemoryError {
  const problem = (frame.error ?? frame) as { status?: unknown };
  return toApiError({
    status: typeof problem.status === "number" ? problem.status : 500,
    body: problem,
    call: CALL,
    context: "this context",
  });
}
