import { MemorySession as SdkMemorySession } from "@openai/agents";
import type { AgentInputItem, SessionHistoryTransaction } from "@openai/agents";
import { assistantMessage, functionCall } from "@openai/agents/testing";
import type { MemorySession } from "@spectron/openai-agents";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { openService, user } from "./open-service.ts";

const { person } = openService();
/** `SPECTRON_RUNS=10000` makes the long run of it. */
const RUNS = Number(process.env["SPECTRON_RUNS"] ?? 300);

const words = fc.constantFrom("ok", "hello", "I live in Braga.", "é \u0000 😀");
const item: fc.Arbitrary<AgentInputItem> = fc.oneof(
  words.map(user),
  words.map((text) => assistantMessage(text)),
  fc
    .record({ callId: fc.constantFrom("c1", "c2"), args: fc.constantFrom("{}", '{"a":1}') })
    .map(({ callId, args }) => functionCall("lookup", args, { callId }) as AgentInputItem),
  fc
    .record({ callId: fc.constantFrom("c1", "c2"), output: words })
    .map(({ callId, output }): AgentInputItem => ({
      type: "function_call_result",
      name: "lookup",
      callId,
      status: "completed",
      output,
    })),
);
const items = fc.array(item, { maxLength: 3 });
const operationId = fc.constantFrom("op-1", "op-2", "op-3");

/** The methods that both sessions have. */
type Both = Pick<
  MemorySession,
  | "addItems"
  | "getItems"
  | "popItem"
  | "clearSession"
  | "applyHistoryTransaction"
  | "applyHistoryMutations"
>;
/** One call; answers with what a caller sees, a failure as the word "failed". */
type Step = (session: Both) => Promise<unknown>;

const seen = async (work: () => unknown): Promise<unknown> => {
  try {
    return await work();
  } catch {
    return "failed";
  }
};

const transaction =
  (make: (stored: AgentInputItem[]) => SessionHistoryTransaction, id: string): Step =>
  async (session) => {
    const stored = await session.getItems();
    return seen(async () =>
      session.applyHistoryTransaction({ operationId: id, transaction: make(stored) }),
    );
  };

const step: fc.Arbitrary<Step> = fc.oneof(
  items.map(
    (added): Step =>
      async (session) =>
        session.addItems(added),
  ),
  fc.constant<Step>(async (session) => session.popItem()),
  fc.constant<Step>(async (session) => session.clearSession()),
  fc.integer({ min: -1, max: 5 }).map(
    (limit): Step =>
      async (session) =>
        session.getItems(limit),
  ),
  fc
    .record({ added: items, id: operationId })
    .map(({ added, id }) => transaction(() => ({ type: "append_items", items: added }), id)),
  fc
    .record({ count: fc.integer({ min: 0, max: 3 }), replacement: items, id: operationId })
    .map(({ count, replacement, id }) =>
      transaction(
        (stored) => ({
          type: "replace_suffix",
          expectedSuffix: count === 0 ? [] : stored.slice(-count),
          replacement,
        }),
        id,
      ),
    ),
  fc
    .record({ expectedSuffix: items, replacement: items, id: operationId })
    .map(({ expectedSuffix, replacement, id }) =>
      transaction(() => ({ type: "replace_suffix", expectedSuffix, replacement }), id),
    ),
  fc.constantFrom("c1", "c2").map(
    (callId): Step =>
      async (session) =>
        session.applyHistoryMutations({
          mutations: [
            {
              type: "replace_function_call",
              callId,
              replacement: functionCall("lookup", '{"edited":true}', { callId }),
            },
          ],
        }),
  ),
);

test(
  `a stored session answers every one of ${RUNS} random programs as the SDK's in-memory session does`,
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (program) => {
        const theirs = new SdkMemorySession();
        const alice = person();
        let ours = alice.open();
        for (const [index, call] of program.entries()) {
          const [wanted, got] = [await call(theirs), await call(ours)];
          expect(got).toEqual(wanted);
          // a restart between any two calls changes nothing
          if (index % 3 === 2) ours = alice.open();
        }
        expect(JSON.stringify(await alice.open().getItems())).toBe(
          JSON.stringify(await theirs.getItems()),
        );
      }),
      { numRuns: RUNS },
    );
  },
  1000 * RUNS,
);
