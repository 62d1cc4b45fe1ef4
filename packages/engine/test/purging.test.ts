import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, openSqliteStore } from "@spectron/engine";
import { expect, test } from "vitest";
import { CALLER, KEY } from "./principal.ts";

const WORD = /zanzi/i;

test("what was purged is in no page of the file and of a backup, once the index is swept", async () => {
  const folder = await mkdtemp(join(tmpdir(), "spectron-purge-"));
  const path = join(folder, "memory.db");
  const store = await openSqliteStore({ path });
  const engine = createEngine({ store });
  await engine.bootstrap(KEY);
  const say = async (text: string, id: string): Promise<void> => {
    await engine.remember({
      caller: CALLER,
      scopes: [["u/a"]],
      idempotency: {
        ref: { context: "dev", principal: "p", key: id + text.length },
        fingerprint: id,
        retention: 86_400_000,
      },
      messages: [{ role: "user", content: text, id, parts: { text } }],
      infer: "full",
      triples: [],
      diff: "per_message",
      labels: [],
      answer: { kind: "batch" },
    });
  };
  await say("I live in Braga.", "m1");
  await say("I moved to Zanzibar.", "m2");
  await say("I work at Zanzibar Tours.", "m3");
  await say("I work at Acme.", "m3");
  expect(readFileSync(`${path}-wal`, "latin1")).toMatch(WORD);
  await engine.forget({
    caller: CALLER,
    ids: [],
    match: { query: "Zanzibar", clamp: { patterns: ["/*"] }, threshold: 0.7, limit: 10 },
    purge: true,
    dryRun: false,
  });
  const retention = { traceAge: 1e12, traceCount: 1e6 };
  const sweep = async (): Promise<number> =>
    store.write("sweep", { retention, now: Date.now(), limit: 200 });
  while ((await sweep()) > 0);
  await engine.backup(join(folder, "copy.db"));
  const { ok, problems } = await engine.verify();
  expect([ok, problems]).toEqual([true, []]);
  await engine.close();
  for (const file of ["memory.db", "copy.db"])
    expect([file, WORD.test(readFileSync(join(folder, file), "latin1"))]).toEqual([file, false]);
  await rm(folder, { recursive: true, force: true });
});
