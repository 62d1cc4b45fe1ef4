import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startModelServer } from "./server.ts";
import type { ModelServer } from "./server.ts";

let server: ModelServer;
beforeEach(async () => {
  server = await startModelServer();
});
afterEach(async () => {
  await server.close();
});

function post(path: string, body: unknown): Promise<Response> {
  return fetch(`${server.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer sk-secret" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

const chat = { model: "m", messages: [{ role: "user", content: "Hello there." }] };
const response = { model: "m", input: "Hello there." };

test("listens on loopback and lists one model", async () => {
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
  const models = await (await fetch(`${server.url}/models`)).json();
  expect(models).toMatchObject({ object: "list", data: [{ id: "prompt-rules", object: "model" }] });
});

test("records method, path and body of every request, and no key", async () => {
  await post("/responses", response);
  await post("/chat/completions", "{oops");
  expect(server.requests()).toEqual([
    { method: "POST", path: "/v1/responses", body: response },
    { method: "POST", path: "/v1/chat/completions", body: "{oops" },
  ]);
  expect(JSON.stringify(server.requests())).not.toContain("sk-secret");
});

async function send(url: string): Promise<string> {
  const body = JSON.stringify({ ...response, stream: true });
  return (await fetch(`${url}/responses`, { method: "POST", body })).text();
}

test("gives the same bytes for the same request in a new server, and a new id for a repeat", async () => {
  const other = await startModelServer();
  try {
    const first = await send(server.url);
    expect(await send(other.url)).toBe(first);
    expect(await send(server.url)).not.toBe(first);
  } finally {
    await other.close();
  }
});

describe("refuses with an OpenAI error body", () => {
  test.each([
    ["/responses", "{oops", 400, null],
    ["/responses", { model: "m" }, 400, "input"],
    ["/responses", { input: "Hi" }, 400, "model"],
    ["/responses", { ...response, previous_response_id: "resp_1" }, 400, "previous_response_id"],
    [
      "/responses",
      { model: "m", input: [{ type: "item_reference", id: "no" }] },
      400,
      "input[0].id",
    ],
    ["/responses", { ...response, tool_choice: "required" }, 400, "tool_choice"],
    ["/responses", { ...response, text: { format: { type: "json_schema" } } }, 400, "text.format"],
    ["/chat/completions", [], 400, "body"],
    ["/chat/completions", { model: "m", messages: [] }, 400, "messages"],
    ["/chat/completions", { model: "m", messages: [{ role: "x" }] }, 400, "messages[0].role"],
    [
      "/chat/completions",
      { ...chat, response_format: { type: "json_object" } },
      400,
      "response_format",
    ],
    ["/elsewhere", {}, 404, null],
  ])("POST %s %j", async (path, body, status, param) => {
    const answered = await post(path, body);
    expect(answered.status).toBe(status);
    expect(await answered.json()).toEqual({
      error: {
        message: expect.any(String),
        type: "invalid_request_error",
        param,
        code: expect.any(String),
      },
    });
  });

  test("without repeating what the request contained", async () => {
    const answered = await post("/responses", { model: "m", input: [{ role: "my-secret" }] });
    expect(answered.status).toBe(400);
    expect(await answered.text()).not.toContain("my-secret");
  });
});

describe("wire shapes", () => {
  test("chat completion", async () => {
    expect(await (await post("/chat/completions", chat)).json()).toMatchObject({
      id: expect.stringMatching(/^chatcmpl_/),
      object: "chat.completion",
      model: "m",
      choices: [
        {
          index: 0,
          finish_reason: "stop",
          message: { role: "assistant", content: "Thanks, I'll keep that in mind: Hello there." },
        },
      ],
      usage: { prompt_tokens: 2, completion_tokens: 8, total_tokens: 10 },
    });
  });

  test("chat chunks end with usage where it is asked for, then [DONE]", async () => {
    const body = { ...chat, stream: true, stream_options: { include_usage: true } };
    const answered = await post("/chat/completions", body);
    expect(answered.headers.get("content-type")).toBe("text/event-stream");
    const lines = (await answered.text()).trim().split("\n\n");
    expect(lines.at(-1)).toBe("data: [DONE]");
    expect(JSON.parse((lines.at(-2) ?? "").slice(6))).toMatchObject({
      choices: [],
      usage: { total_tokens: 10 },
    });
  });

  test("response events come in order, numbered from zero", async () => {
    const text = await (await post("/responses", { ...response, stream: true })).text();
    const events = text.trim().split("\n\n");
    const names = events.map((event) => /^event: (.+)$/m.exec(event)?.[1]);
    expect([...new Set(names)]).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    const numbers = events.map(
      (event) => JSON.parse(/^data: (.+)$/m.exec(event)?.[1] ?? "{}").sequence_number,
    );
    expect(numbers).toEqual(events.map((_, index) => index));
  });
});

test.each([
  [true, 200],
  [false, 400],
])("an item can be referenced later when store is %s: %i", async (store, status) => {
  const ask = 'Use the tool find with {"q":"x"}';
  const tools = [{ type: "function", name: "find", parameters: {} }];
  const first = await post("/responses", { model: "m", input: ask, tools, store });
  const { output } = (await first.json()) as { output: { id: string; call_id: string }[] };
  const input = [
    { role: "user", content: ask },
    { type: "item_reference", id: output[0]?.id },
    { type: "function_call_output", call_id: output[0]?.call_id, output: "42" },
  ];
  const second = await post("/responses", { model: "m", input, tools });
  expect(second.status).toBe(status);
  expect((await second.text()).includes("The tool find answered: 42")).toBe(store);
});

test("closing ends an answer that is still delayed, and may be called twice", async () => {
  const slow = await startModelServer({ delayMs: 600_000 });
  const pending = fetch(`${slow.url}/models`).then(
    () => "answered",
    () => "failed",
  );
  await expect.poll(() => slow.requests().length).toBe(1);
  await Promise.all([slow.close(), slow.close()]);
  expect(await pending).toBe("failed");
});

test("waits before it answers when told to", async () => {
  const slow = await startModelServer({ delayMs: 50 });
  try {
    const started = performance.now();
    await fetch(`${slow.url}/models`);
    expect(performance.now() - started).toBeGreaterThanOrEqual(45);
  } finally {
    await slow.close();
  }
});
