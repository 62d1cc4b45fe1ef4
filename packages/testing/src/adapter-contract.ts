import { createSpectron } from "@spectron/core";
import type { MemoryError, Spectron } from "@spectron/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startTestService } from "./service.ts";
import type { TestService } from "./service.ts";

/** How a case binds the application that it builds. */
export interface AppBinding {
  spectron: Spectron;
  scope: string;
  session: string;
  stream: boolean;
  onError: (error: MemoryError) => void;
}

/** One application with memory over a scripted model of its framework. */
export interface AdapterApp {
  /** Sends one user message through the framework; the model answers with `answer`. */
  ask(text: string, answer: string): Promise<string>;
  /** Everything the model was given, as text, one entry a call. */
  prompts(): string[];
}

const SCOPE = "org/acme/user/alice";

/** What every adapter proves, streaming and not, against the real service. */
export function describeAdapterContract(
  name: string,
  createApp: (binding: AppBinding) => AdapterApp,
): void {
  describe.each([
    ["without streaming", false],
    ["streaming", true],
  ])(`${name} %s`, (_, stream) => {
    let service: TestService;
    let errors: MemoryError[];
    const app = (changes: Partial<AppBinding> = {}): AdapterApp =>
      createApp({
        spectron: service.spectron,
        scope: SCOPE,
        session: "thread-1",
        stream,
        onError: (error) => errors.push(error),
        ...changes,
      });

    beforeEach(async () => {
      service = await startTestService();
      errors = [];
    });
    afterEach(async () => {
      await service.stop();
    });

    test("stores what the user and the model said, once, as two units", async () => {
      expect(await app().ask("I live in Braga.", "Nice city.")).toBe("Nice city.");
      await service.spectron.flush();
      expect(await service.stored()).toEqual(["user: I live in Braga.", "assistant: Nice city."]);
      const keys = service.batches().map((batch) => batch.key);
      expect(keys).toHaveLength(2);
      expect(new Set(keys).size).toBe(2);
      expect(errors).toEqual([]);
    });

    test("gives a later conversation what memory knows, inside the fence", async () => {
      await app().ask("I live in Braga.", "Nice city.");
      await service.spectron.flush();
      const later = app({ session: "thread-2" });
      await later.ask("Where do I live?", "In Braga.");
      const prompt = later.prompts().at(-1) ?? "";
      expect(prompt).toMatch(/<spectron-memory>[\s\S]*home_city: Braga[\s\S]*<\/spectron-memory>/);
    });

    test("never stores the memory that it injected", async () => {
      await app().ask("I live in Braga.", "Nice city.");
      await service.spectron.flush();
      await app({ session: "thread-2" }).ask("Where do I live?", "In Braga.");
      await service.spectron.flush();
      expect(JSON.stringify(service.batches())).not.toContain("spectron-memory");
    });

    test("keeps another scope's memory out of the prompt", async () => {
      await app().ask("I live in Braga.", "Nice city.");
      await service.spectron.flush();
      const other = app({ scope: "org/acme/user/bob", session: "thread-1" });
      await other.ask("Where do I live?", "No idea.");
      expect(other.prompts().join("\n")).not.toContain("Braga");
    });

    test("answers without memory when the service is down, and says so", async () => {
      const down = createSpectron({
        url: "http://127.0.0.1:9",
        context: "dev",
        retries: 0,
        fetch: async () => {
          throw new TypeError("fetch failed");
        },
      });
      const answer = await app({ spectron: down }).ask("I live in Braga.", "Nice city.");
      expect(answer).toBe("Nice city.");
      await down.flush();
      expect(errors.map((error) => error.code)).toContain("connection");
    });

    test("writes nothing without a session, and warns", async () => {
      await app({ session: "" }).ask("I live in Braga.", "Nice city.");
      await service.spectron.flush();
      expect(service.batches()).toEqual([]);
      expect(errors.map((error) => error.code)).toEqual(["configuration"]);
    });
  });

  test(`${name}: streaming and not, equal content has equal bodies`, async () => {
    const bodies: unknown[] = [];
    for (const stream of [false, true]) {
      const service = await startTestService();
      const app = createApp({
        spectron: service.spectron,
        scope: SCOPE,
        session: "thread-1",
        stream,
        onError: () => undefined,
      });
      await app.ask("I live in Braga.", "Nice city.");
      await service.spectron.flush();
      bodies.push(service.batches().map((batch) => batch.body.messages));
      await service.stop();
    }
    expect(bodies[0]).toEqual(bodies[1]);
  });
}
