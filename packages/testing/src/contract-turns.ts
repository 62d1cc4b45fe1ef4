import { expect, test } from "vitest";
import { TOOL_TURN } from "./adapter-app.ts";
import type { AdapterApp, Cannot, Capability } from "./adapter-app.ts";
import { blocksOf, count } from "./contract-case.ts";
import type { ContractCase } from "./contract-case.ts";

const CALL = `called weather(${JSON.stringify(TOOL_TURN.args)})`;

/** What happens inside and between turns: tool steps, aborts, retries, replays, edits, several users at once. */
export function describeTurns(current: () => ContractCase, cannot: Cannot): void {
  /** Reported as skipped where the framework declared that it cannot. */
  const testOf = (capability: Capability): typeof test.skip =>
    // oxlint-disable-next-line vitest/no-disabled-tests, vitest/valid-title, vitest/expect-expect -- takes this for a test
    test.runIf(cannot[capability] === undefined);
  const told = async ({ app, flush }: ContractCase): Promise<void> => {
    await app().ask("I live in Braga.", "Nice city.");
    await flush();
  };
  const offered = <Name extends Capability>(
    app: AdapterApp,
    name: Name,
  ): NonNullable<AdapterApp[Name]> => {
    const method = app[name];
    if (method === undefined) throw new Error(`The application does not offer ${name}.`);
    return method as NonNullable<AdapterApp[Name]>;
  };

  testOf("askWithTools")("a tool turn reads once and shows every step the same bytes", async () => {
    await told(current());
    const { app, asked, flush, service } = current();
    service.reset();
    const conversation = app({ session: "tools" });
    await offered(conversation, "askWithTools")("What is the weather where I live?", "Sunny.");
    await flush();
    const blocks = conversation.prompts().map((prompt) => blocksOf(prompt).join());
    expect(blocks).toHaveLength(3);
    expect(blocks[0]).toContain("Braga");
    expect(new Set(blocks).size).toBe(1);
    expect(asked("context") + asked("query")).toBeLessThanOrEqual(1);
  });

  testOf("askWithTools")("a tool turn stores each message once, and no tool result", async () => {
    const { app, flush, service } = current();
    await offered(app(), "askWithTools")("How is the weather?", "It is fine.");
    await flush();
    const stored = (await service.stored()).join("\n");
    expect(count(stored, "user: How is the weather?")).toBe(1);
    expect(count(stored, TOOL_TURN.words)).toBe(1);
    expect(count(stored, CALL)).toBe(2);
    expect(count(stored, "It is fine.")).toBe(1);
    expect(stored).not.toContain(TOOL_TURN.result);
    expect(JSON.stringify(service.batches())).not.toContain("Be brief.");
  });

  testOf("askWithTools")("results of the listed tools are stored", async () => {
    const { app, flush, service } = current();
    const conversation = app({
      memory: { recall: { timeoutMs: 20_000 }, tools: { include: ["weather"] } },
    });
    await offered(conversation, "askWithTools")("How is the weather?", "It is fine.");
    await flush();
    const results = (await service.stored()).filter((turn) => turn.includes(TOOL_TURN.result));
    expect(results).toHaveLength(2);
    expect(results.every((turn) => turn.startsWith("tool: "))).toBe(true);
  });

  testOf("askAborted")("an abort keeps the user's message and no partial answer", async () => {
    const { app, flush, service, errors } = current();
    await offered(app(), "askAborted")("I live in Braga.", "Nice ci");
    await flush();
    expect(await service.stored()).toEqual(["user: I live in Braga."]);
    expect(errors).toEqual([]);
  });

  testOf("askAborted")("on request the partial answer is stored too, marked", async () => {
    const { app, flush, service } = current();
    const conversation = app({
      memory: { recall: { timeoutMs: 20_000 }, storeIncomplete: true },
    });
    await offered(conversation, "askAborted")("I live in Braga.", "Nice ci");
    await flush();
    const stored = await service.stored();
    expect(stored[0]).toBe("user: I live in Braga.");
    expect(stored[1]).toMatch(/^assistant: Nice ci\s+\[stopped before the end\]$/);
    expect(stored).toHaveLength(2);
  });

  testOf("askBroken")("a stream that breaks is not stored as an answer", async () => {
    const { app, flush, service } = current();
    await offered(app(), "askBroken")("I live in Braga.", "Nice ci");
    await flush();
    expect(await service.stored()).toEqual(["user: I live in Braga."]);
  });

  testOf("askRetried")("a retried model call sees one block, and is stored once", async () => {
    await told(current());
    const { app, flush, service } = current();
    const conversation = app({ session: "retried" });
    service.reset();
    expect(await offered(conversation, "askRetried")("Where do I live?", "In Braga.")).toBe(
      "In Braga.",
    );
    await flush();
    expect(conversation.prompts().map((prompt) => blocksOf(prompt).length)).toEqual([1, 1]);
    expect(await service.stored()).toEqual(["user: Where do I live?", "assistant: In Braga."]);
  });

  testOf("replay")("a submission that arrives again stores nothing", async () => {
    const { app, flush, service } = current();
    const conversation = app();
    await conversation.ask("I live in Braga.", "Nice city.");
    await flush();
    await offered(conversation, "replay")();
    await flush();
    expect(await service.stored()).toEqual(["user: I live in Braga.", "assistant: Nice city."]);
  });

  testOf("regenerate")("a regenerated answer stores no second question", async () => {
    const { app, flush, service } = current();
    const conversation = app();
    await conversation.ask("I live in Braga.", "Nice city.");
    await offered(conversation, "regenerate")("A fine town.");
    await flush();
    const said = service.batches().flatMap(({ body }) => body.messages);
    expect(said.filter(({ role }) => role === "user")).toHaveLength(1);
    expect(said.at(-1)?.content).toBe("A fine town.");
  });

  testOf("edit")("an edited message is a new unit under another key", async () => {
    const { app, flush, service } = current();
    const conversation = app();
    await conversation.ask("I live in Braga.", "Nice city.");
    await offered(conversation, "edit")("I live in Porto.", "Nice river.");
    await flush();
    const questions = service
      .batches()
      .filter(({ body }) => body.messages.some(({ role }) => role === "user"));
    expect(questions.map(({ body }) => body.messages.map(({ content }) => content))).toEqual([
      ["I live in Braga."],
      ["I live in Porto."],
    ]);
    expect(questions[0]?.key).not.toBe(questions[1]?.key);
  });

  testOf("askAs")("concurrent runs on one instance mix neither sessions nor scopes", async () => {
    const { app, flush, service, scope } = current();
    const askAs = offered(app(), "askAs");
    const users = ["ann", "ben", "cat", "dan"];
    await Promise.all(
      users.map(async (user) =>
        askAs({ scope: `${scope}/${user}`, session: "same" }, `I am ${user}.`, `Hello ${user}.`),
      ),
    );
    await flush();
    const sent = service.batches() as unknown as {
      body: { scopes: string[][]; session_id: string; messages: { content: string }[] };
    }[];
    expect(sent).toHaveLength(2 * users.length);
    expect(new Set(sent.map(({ body }) => body.session_id)).size).toBe(users.length);
    for (const { body } of sent)
      for (const { content } of body.messages)
        expect(content).toContain(body.scopes[0]?.[0]?.split("/").at(-1));
  });
}
