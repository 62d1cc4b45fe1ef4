import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CAPABILITIES } from "./adapter-app.ts";
import type { AdapterApp, AppBinding, Cannot } from "./adapter-app.ts";
import { beginCase } from "./contract-case.ts";
import type { ContractCase } from "./contract-case.ts";
import { describeConversation } from "./contract-conversation.ts";
import { describeOutages } from "./contract-outages.ts";
import { describeTurns } from "./contract-turns.ts";
import { startTestService } from "./service.ts";
import type { TestService } from "./service.ts";

/**
 * What every adapter proves, streaming and not, against the real service. What a framework has no place for is
 * declared in `cannot` with the reason; without that argument only what `ask` can show is tested.
 */
export function describeAdapterContract(
  name: string,
  createApp: (binding: AppBinding) => AdapterApp,
  cannot?: Cannot,
): void {
  describe.each([
    ["without streaming", false],
    ["streaming", true],
  ])(`${name} %s`, (_, stream) => {
    let service: TestService;
    let current: ContractCase;
    beforeAll(async () => {
      service = await startTestService();
    });
    afterAll(async () => {
      await service.stop();
    });
    beforeEach(async () => {
      current = await beginCase(service, createApp, stream);
    });

    describeConversation(() => current);
    describe.runIf(cannot !== undefined)("beyond plain questions", () => {
      test("every capability is offered, or declared with its reason", () => {
        const app = current.app();
        const unclear = CAPABILITIES.filter(
          (capability) =>
            (app[capability] === undefined) !== ((cannot?.[capability] ?? "").trim() !== ""),
        );
        expect(unclear).toEqual([]);
      });
      describeTurns(() => current, cannot ?? {});
      describeOutages(() => current);
    });
  });

  test(`${name}: streaming or not, and in any process, equal content has equal bodies and keys`, async () => {
    const runs: unknown[] = [];
    for (const stream of [false, true, false]) {
      const service = await startTestService();
      const app = createApp({
        spectron: service.spectron,
        scope: "org/acme/user/alice",
        session: "thread-1",
        stream,
        onError: () => undefined,
        memory: { recall: { timeoutMs: 20_000 } },
      });
      await app.ask("I live in Braga.", "Nice city.");
      await service.spectron.flush();
      runs.push(
        service.batches().map(({ key, body }) => ({
          ...(cannot === undefined ? {} : { key }),
          messages: body.messages.map(withoutId),
        })),
      );
      await service.stop();
    }
    expect(runs[0]).toHaveLength(2);
    expect(runs).toEqual(runs.map(() => runs[0]));
  });
}

function withoutId({ id: _, ...message }: { id?: string; role: string; content: string }): object {
  return message;
}
