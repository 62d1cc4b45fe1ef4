import { Agent, OpenAIResponsesCompactionSession, Runner } from "@openai/agents";
import type { AgentInputItem } from "@openai/agents";
import { ScriptedModel, assistantMessage } from "@openai/agents/testing";
import { describe, expect, test } from "vitest";
import { openService } from "./open-service.ts";

const { person } = openService();
const runner = new Runner({ tracingDisabled: true });

/** A compaction API that keeps the user's messages and seals the rest. */
function compactingClient(): { client: never; asked: unknown[][] } {
  const asked: unknown[][] = [];
  const compact = async (request: { input: { role?: string }[] }): Promise<unknown> => {
    asked.push(request.input);
    return {
      output: [
        ...request.input.filter(({ role }) => role === "user"),
        { type: "compaction", id: "cmp_1", encrypted_content: "sealed" },
      ],
      usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
    };
  };
  return { client: { responses: { compact } } as never, asked };
}

describe("below the SDK's compaction session", () => {
  test("facts survive, and what is put back is not heard again", async () => {
    const alice = person();
    const { client, asked } = compactingClient();
    const session = new OpenAIResponsesCompactionSession({
      client,
      underlyingSession: alice.open(),
      compactionMode: "input",
      shouldTriggerCompaction: ({ sessionItems }) => sessionItems.length >= 4,
    });
    const ask = async (text: string, answer: string): Promise<void> => {
      const model = new ScriptedModel([[assistantMessage(answer)]]);
      await runner.run(new Agent({ name: "A", model }), text, { session });
    };
    await ask("I live in Braga.", "Nice city.");
    await ask("I work at Nimbus.", "Good company.");
    expect(asked).toHaveLength(1);
    const types = (items: AgentInputItem[]): unknown[] =>
      items.map((item) => (item as { role?: string }).role ?? item.type);
    expect(types(await alice.open().getItems())).toEqual(["user", "user", "compaction"]);
    await ask("I like tea.", "Noted.");
    expect(await alice.remembered()).toEqual([
      "user: I live in Braga.",
      "assistant: Nice city.",
      "user: I work at Nimbus.",
      "assistant: Good company.",
      "user: I like tea.",
      "assistant: Noted.",
    ]);
    expect(await alice.facts()).toEqual(expect.arrayContaining(["home_city: Braga"]));
  });
});
