import { describe, expect, test, vi } from "vitest";
import { createChat } from "../src/client/chat.ts";
import type { ChatEvent } from "../src/client/chat.ts";
import { createSpectron, MemoryError } from "../src/index.ts";
import type { WriteOptions } from "../src/index.ts";
import { bodyOf, startRawServer } from "./raw-server.ts";
import { json, stageService } from "./staged-service.ts";

const SSE = { "content-type": "text/event-stream" };

/** A chat over bytes that arrive in the given pieces; a piece too many shows that nobody asked for it. */
function chatOver(pieces: Uint8Array[]): {
  stream: (options?: { timeoutMs?: number }) => AsyncGenerator<ChatEvent>;
  cancelled: () => boolean;
} {
  let cancelled = false;
  const body = (): ReadableStream<Uint8Array> => {
    const rest = [...pieces];
    return new ReadableStream({
      pull(controller) {
        const piece = rest.shift();
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
      },
      cancel() {
        cancelled = true;
      },
    });
  };
  const spectron = createSpectron({
    url: "http://service.test",
    context: "dev",
    fetch: async () => new Response(body(), { headers: SSE }),
  });
  return {
    stream: (options) => createChat(spectron).stream({ message: "hi" }, options),
    cancelled: () => cancelled,
  };
}

async function collect(events: AsyncIterable<ChatEvent>): Promise<ChatEvent[]> {
  const found: ChatEvent[] = [];
  for await (const event of events) found.push(event);
  return found;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const texts = (events: ChatEvent[]): string =>
  events.map((event) => (event.type === "delta" ? event.text : "")).join("");

const done =
  '{"done":true,"reply":"Olá, Porto.","sessionId":"sess_7f","traceId":"tr_22","memoryUpdates":{"turnId":"t"},"citations":[]}';
const snake =
  '{"done":true,"reply":"Olá, Porto.","session_id":"sess_7f","trace_id":"tr_22","memory_updates":{"turnId":"t"},"citations":[]}';

/** The same reply in every form that services write. */
const forms: [name: string, text: string][] = [
  [
    "events named delta and done",
    `event: delta\ndata: {"delta":"Olá, "}\n\nevent: delta\ndata: {"delta":"Porto."}\n\nevent: done\ndata: ${done}\n\ndata: [DONE]\n\n`,
  ],
  [
    "tokens, and an end that only its data tells",
    `data: {"token":"Olá, "}\n\ndata: {"token":"Porto."}\n\ndata: ${snake}\n\n`,
  ],
  [
    "an end that only its name tells",
    `data: {"delta":"Olá, Porto."}\n\nevent: done\ndata: ${done.replace('"done":true,', "")}\n\n`,
  ],
  [
    "comments, ids and fields of the future",
    `: ping\n\nid: 1\nretry: 10\nx-new: 1\nevent: delta\ndata: {"delta":"Olá, "}\n\n: ping\nevent: later\ndata: {"progress":1}\n\ndata: {"delta":"Porto."}\n\nevent: done\ndata: ${done}\n\n`,
  ],
  [
    "data over several lines",
    `event: delta\ndata: {"delta":\ndata: "Olá, Porto."}\n\nevent: done\ndata: ${done.replace(',"traceId"', ',\ndata: "traceId"')}\n\n`,
  ],
  [
    "no blanks after the colons",
    `event:delta\ndata:{"delta":"Olá, Porto."}\n\nevent:done\ndata:${done}\n\n`,
  ],
  ["a byte order mark", `\ufeffdata: {"delta":"Olá, Porto."}\n\nevent: done\ndata: ${done}\n\n`],
  [
    "text that is no JSON",
    `event: delta\ndata: Olá, \n\ndata: Porto.\n\nevent: done\ndata: ${done}\n\n`,
  ],
];

const wanted = {
  type: "done",
  reply: "Olá, Porto.",
  sessionId: "sess_7f",
  traceId: "tr_22",
  memoryUpdates: { turnId: "t" },
  citations: [],
};

describe("a streamed reply", () => {
  const lineEnds: [string, string][] = [
    ["LF", "\n"],
    ["CRLF", "\r\n"],
    ["CR", "\r"],
  ];
  test.each(
    forms.flatMap(([name, text]) =>
      lineEnds.map(([end, mark]) => [name, end, text.replaceAll("\n", mark)]),
    ),
  )(
    "of %s, lines ended by %s, reads the same when it is cut at any byte",
    async (_, __, text = "") => {
      const all = bytes(text);
      for (let cut = 0; cut <= all.length; cut += 1) {
        const events = await collect(chatOver([all.slice(0, cut), all.slice(cut)]).stream());
        expect(texts(events)).toBe("Olá, Porto.");
        expect(events.at(-1)).toEqual(wanted);
      }
      const single = Array.from(all, (_byte, index) => all.slice(index, index + 1));
      const events = await collect(chatOver(single).stream());
      expect(texts(events)).toBe("Olá, Porto.");
      expect(events.at(-1)).toEqual(wanted);
    },
  );

  test("that ends with [DONE] alone has the text that came for its reply", async () => {
    const text = 'data: {"delta":"a"}\n\ndata: 1\n\ndata: [1]\n\ndata: [DONE]\n\n';
    expect((await collect(chatOver([bytes(text)]).stream())).at(-1)).toEqual({
      type: "done",
      reply: "a1[1]",
    });
  });

  test("frees the connection at its end, and when the reader leaves", async () => {
    const ended = chatOver([bytes(`data: ${done}\n\n`), bytes("data: more\n\n")]);
    await collect(ended.stream());
    expect(ended.cancelled()).toBe(true);
    const left = chatOver([
      bytes('data: {"delta":"a"}\n\n'),
      bytes("data: b\n\n"),
      bytes("data: c\n\n"),
    ]);
    for await (const event of left.stream()) if (event.type === "delta") break;
    expect(left.cancelled()).toBe(true);
  });

  test.each([
    ["before any frame", ""],
    ["between frames", 'data: {"delta":"a"}\n\n'],
    ["inside the last frame", `data: {"delta":"a"}\n\ndata: ${done}`],
    ["inside the data of a frame that is named done", 'event: done\ndata: {"done":tr\n\n'],
  ])("that ends %s is an error, whatever came before", async (_, text) => {
    await expect(collect(chatOver([bytes(text)]).stream())).rejects.toMatchObject({
      code: "invalid_response",
    });
  });

  test.each([
    'event: error\ndata: {"done":true,"error":{"status":429,"code":"budget_blocked","detail":"secret"}}\n\n',
    'data: {"done":true,"error":{"status":429,"code":"budget_blocked"}}\n\n',
    'event: error\ndata: {"status":429,"code":"budget_blocked"}\n\n',
  ])("reports a failure after the start as the service's error: %j", async (text) => {
    const events = chatOver([bytes(`data: {"delta":"a"}\n\n${text}`)]).stream();
    expect((await events.next()).value).toEqual({ type: "delta", text: "a" });
    const error: unknown = await events.next().catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      status: 429,
      code: "rate_limited",
      serviceCode: "budget_blocked",
    });
    expect(String(error)).not.toContain("secret");
  });

  test("an event without end is refused, not gathered", async () => {
    const piece = bytes(`data: ${"x".repeat(1024 * 1024)}`);
    let pulled = 0;
    const spectron = createSpectron({
      url: "http://service.test",
      context: "dev",
      fetch: async () =>
        new Response(
          new ReadableStream<Uint8Array>({
            pull(controller) {
              pulled += 1;
              controller.enqueue(piece);
            },
          }),
          { headers: SSE },
        ),
    });
    await expect(collect(createChat(spectron).stream({ message: "hi" }))).rejects.toMatchObject({
      code: "invalid_response",
    });
    expect(pulled).toBeLessThan(40);
  });

  test("that stalls ends after the time for one byte, however long it took so far", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const opened = Promise.withResolvers<(text: string) => void>();
      const closed = Promise.withResolvers<void>();
      const { url } = await startRawServer((request, response) => {
        response.on("close", closed.resolve);
        void bodyOf(request).then(() => {
          response.writeHead(200, SSE).flushHeaders();
          opened.resolve((text) => response.write(text));
        });
      });
      const spectron = createSpectron({ url, context: "dev" });
      const events = createChat(spectron).stream({ message: "hi" }, { timeoutMs: 1000 });
      const first = events.next();
      const send = await opened.promise;
      send('data: {"delta":"a"}\n\n');
      expect((await first).value).toEqual({ type: "delta", text: "a" });
      const second = events.next();
      await vi.advanceTimersByTimeAsync(900);
      send('data: {"delta":"b"}\n\n');
      expect((await second).value).toEqual({ type: "delta", text: "b" });
      const third = events.next().catch((reason: unknown) => reason);
      await vi.advanceTimersByTimeAsync(1000);
      expect(await third).toMatchObject({ code: "timeout" });
      await closed.promise;
    } finally {
      vi.useRealTimers();
    }
  });

  test("stops at the caller's abort", async () => {
    const controller = new AbortController();
    const { url } = await startRawServer((request, response) => {
      void bodyOf(request).then(() =>
        response.writeHead(200, SSE).write('data: {"delta":"a"}\n\n'),
      );
    });
    const spectron = createSpectron({ url, context: "dev" });
    const events = createChat(spectron).stream({ message: "hi" }, { signal: controller.signal });
    await events.next();
    const next = events.next().catch((reason: unknown) => reason);
    controller.abort();
    expect(await next).toMatchObject({ code: "aborted" });
  });
});

describe("a request for a stream", () => {
  test("says so in the body and the header", async () => {
    const service = await stageService((_, response) => {
      response.writeHead(200, SSE).end(`data: ${done}\n\n`);
    });
    const spectron = createSpectron({ url: service.url, context: "dev" });
    await collect(createChat(spectron).stream({ message: "hi", sessionId: "s" }));
    expect(JSON.parse(service.seen[0]?.body ?? "")).toEqual({
      message: "hi",
      sessionId: "s",
      stream: true,
    });
    expect(service.seen[0]?.headers.accept).toContain("text/event-stream");
  });

  test("is never repeated", async () => {
    const service = await stageService((_, response) => {
      json(response, 503, {});
    });
    const spectron = createSpectron({ url: service.url, context: "dev", retryBaseMs: 1 });
    const chat = createChat(spectron);
    // not even with a key, which would allow it for a whole answer
    const options: WriteOptions = { idempotencyKey: "k" };
    await expect(collect(chat.stream({ message: "hi" }, options))).rejects.toMatchObject({
      status: 503,
    });
    expect(service.seen).toHaveLength(1);
  });

  test("takes a whole answer for a stream of one event", async () => {
    const service = await stageService((_, response) => {
      json(response, 200, { reply: "Porto.", sessionId: "s", traceId: "t", memoryUpdates: {} });
    });
    const spectron = createSpectron({ url: service.url, context: "dev" });
    expect(await collect(createChat(spectron).stream({ message: "hi" }))).toMatchObject([
      { type: "done", reply: "Porto.", sessionId: "s" },
    ]);
  });

  test("is refused as unsupported by a service without a model", async () => {
    const service = await stageService((_, response) => {
      json(response, 501, { code: "not_implemented" });
    });
    const spectron = createSpectron({ url: service.url, context: "dev" });
    const error: unknown = await collect(createChat(spectron).stream({ message: "hi" })).catch(
      (reason: unknown) => reason,
    );
    expect(MemoryError.isInstance(error) && error.code).toBe("unsupported");
  });
});
