/** An answer of the scripted model: a text, or a call of the tool `look`. */
export type ScriptedAnswer = string | { call: string };

/** A `fetch` that answers OpenAI's chat completions at once, so that what is measured is the memory alone. */
export function scriptedOpenAi(): { fetch: typeof globalThis.fetch; script: ScriptedAnswer[] } {
  const script: ScriptedAnswer[] = [];
  let count = 0;
  const fetch: typeof globalThis.fetch = async (_, init) => {
    count += 1;
    const { stream = false } = JSON.parse(init?.body as string) as { stream?: boolean };
    const answer = script.shift() ?? "";
    const message =
      typeof answer === "string"
        ? { role: "assistant", content: answer }
        : {
            role: "assistant",
            content: null,
            tool_calls: [
              {
                index: 0,
                id: answer.call,
                type: "function",
                function: { name: "look", arguments: "{}" },
              },
            ],
          };
    const base = { id: `chatcmpl-${count}`, created: 0, model: "scripted" };
    const finish_reason = typeof answer === "string" ? "stop" : "tool_calls";
    if (!stream)
      return Response.json({
        ...base,
        object: "chat.completion",
        choices: [{ index: 0, message, finish_reason }],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      });
    const events = [
      { ...base, choices: [{ index: 0, delta: message, finish_reason: null }] },
      { ...base, choices: [{ index: 0, delta: {}, finish_reason }] },
    ];
    const lines = [...events.map((event) => JSON.stringify(event)), "[DONE]"];
    return new Response(lines.map((line) => `data: ${line}\n\n`).join(""), {
      headers: { "content-type": "text/event-stream" },
    });
  };
  return { fetch, script };
}
