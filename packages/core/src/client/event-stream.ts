import { createParser } from "eventsource-parser";
import type { EventSourceMessage } from "eventsource-parser";
import { withDeadline } from "./deadline.ts";
import { MemoryError } from "./errors.ts";

/**
 * Events of a response as they arrive. Ends with the body; what was begun and not finished by then counts as never
 * sent. Leaving the loop frees the connection.
 *
 * @yields each event once it is whole.
 * @throws MemoryError `timeout` when nothing comes for `timeoutMs`, `aborted`, `connection`, or `invalid_response`
 * for an event larger than `most` characters or bytes that are no text.
 */
export async function* readEvents(
  response: Response,
  options: { call: string; timeoutMs: number; most: number; signal?: AbortSignal | undefined },
): AsyncGenerator<EventSourceMessage, void, undefined> {
  const { call, most } = options;
  const reader = response.body?.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const events: EventSourceMessage[] = [];
  const refused = (cause?: unknown): MemoryError =>
    new MemoryError("invalid_response", `${call} answered with an event stream that is not one.`, {
      cause,
    });
  let tooLong = false;
  const parser = createParser({
    maxBufferSize: most,
    onEvent: (event) => events.push(event),
    onError: ({ type }) => {
      tooLong ||= type === "max-buffer-size-exceeded";
    },
  });
  const next = async (): Promise<Uint8Array | undefined> => {
    try {
      return (await reader?.read())?.value;
    } catch (cause) {
      throw new MemoryError("connection", `The answer to ${call} broke off.`, { cause });
    }
  };
  try {
    for (;;) {
      const bytes = await withDeadline(next, options);
      if (bytes === undefined) return;
      try {
        parser.feed(decoder.decode(bytes, { stream: true }));
      } catch (cause) {
        throw refused(cause);
      }
      yield* events.splice(0);
      if (tooLong) throw refused();
    }
  } finally {
    void reader?.cancel().catch(() => undefined);
  }
}
