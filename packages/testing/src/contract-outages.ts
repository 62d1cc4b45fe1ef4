import type { Receipt } from "@spectron/core";
import { expect, test } from "vitest";
import { blocksOf, isRead, isWrite } from "./contract-case.ts";
import type { ContractCase } from "./contract-case.ts";

const unavailable = (): Response => Response.json({ status: 503 }, { status: 503 });

/** What a service that fails, hangs or comes back does to the application: nothing that it does not ask for. */
export function describeOutages(current: () => ContractCase): void {
  test("a write that fails is tried again under the same key and bytes until it is stored, once", async () => {
    const { app, service, faulty } = current();
    const attempts: { key: string | null; body: string }[] = [];
    const spectron = faulty(async (request) => {
      if (!isWrite(request)) return undefined;
      attempts.push({
        key: request.headers.get("idempotency-key"),
        body: await request.text(),
      });
      return attempts.length <= 2 ? unavailable() : undefined;
    });
    expect(await app({ spectron }).ask("I live in Braga.", "Nice city.")).toBe("Nice city.");
    for (let tries = 0; (await spectron.flush()).undelivered > 0; tries += 1)
      expect(tries).toBeLessThan(5);
    expect(attempts).toHaveLength(4);
    expect(new Set(attempts.slice(0, 3).map((attempt) => JSON.stringify(attempt))).size).toBe(1);
    expect(await service.stored()).toEqual(["user: I live in Braga.", "assistant: Nice city."]);
  });

  test("an answer that is lost after the commit doubles nothing", async () => {
    const { app, service, faulty } = current();
    let lost = 0;
    const spectron = faulty(async (request) => {
      if (!isWrite(request)) return undefined;
      const answer = await service.fetch(request.clone());
      lost += 1;
      if (lost % 2 === 1) throw new TypeError("connection reset");
      return answer;
    });
    await app({ spectron }).ask("I live in Braga.", "Nice city.");
    for (let tries = 0; (await spectron.flush()).undelivered > 0; tries += 1)
      expect(tries).toBeLessThan(5);
    expect(await service.stored()).toEqual(["user: I live in Braga.", "assistant: Nice city."]);
  });

  test("recall that hangs costs one bounded wait, is reported, and is not asked again while the breaker is open", async () => {
    const { app, errors, faulty } = current();
    let reads = 0;
    const spectron = faulty(async (request) => {
      if (!isRead(request)) return undefined;
      reads += 1;
      return Promise.withResolvers<never>().promise;
    });
    const conversation = app({ spectron, memory: { recall: { timeoutMs: 100 } } });
    expect(await conversation.ask("I live in Braga.", "Nice city.")).toBe("Nice city.");
    const first = reads;
    expect(errors.map(({ code }) => code)).toEqual(["timeout"]);
    expect(await conversation.ask("Where do I live?", "In Braga.")).toBe("In Braga.");
    expect(reads).toBe(first);
    await spectron.flush();
    expect(conversation.prompts().flatMap(blocksOf)).toEqual([]);
  });

  test("with failureMode throw a failed write fails the call", async () => {
    const { app, faulty } = current();
    const spectron = faulty(async (request) => (isWrite(request) ? unavailable() : undefined));
    const conversation = app({
      spectron,
      memory: { recall: { timeoutMs: 20_000 }, failureMode: "throw" },
    });
    await expect(conversation.ask("I live in Braga.", "Nice city.")).rejects.toThrow();
  });

  test("waitUntil is given every write, so that the platform keeps the process for it", async () => {
    const { app, service } = current();
    const held: Promise<unknown>[] = [];
    const conversation = app({
      memory: {
        recall: { timeoutMs: 20_000 },
        waitUntil: (promise) => {
          held.push(promise);
        },
      },
    });
    await conversation.ask("I live in Braga.", "Nice city.");
    await Promise.all(held);
    expect(await service.stored()).toEqual(["user: I live in Braga.", "assistant: Nice city."]);
  });

  test("receipts tell what was asked, injected and stored, without a word of it", async () => {
    const { app, flush, service } = current();
    await app().ask("I live in Braga.", "Nice city.");
    await flush();
    const receipts: Receipt[] = [];
    const later = app({
      session: "later",
      memory: {
        recall: { timeoutMs: 20_000 },
        onReceipt: (receipt) => {
          receipts.push(receipt);
        },
      },
    });
    service.reset();
    await later.ask("Where do I live?", "In Braga.");
    await flush();
    await expect.poll(() => receipts.length).toBeGreaterThan(0);
    expect(receipts.some(({ recalled }) => recalled.asked || recalled.cached)).toBe(true);
    expect(Math.max(...receipts.map(({ recalled }) => recalled.entries))).toBeGreaterThan(0);
    expect(
      receipts.flatMap(({ stored }) => stored.keys).every((key) => key.startsWith("mem1-")),
    ).toBe(true);
    expect(JSON.stringify(receipts)).not.toContain("Braga");
  });
}
