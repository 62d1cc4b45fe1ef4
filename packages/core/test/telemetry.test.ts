import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Receipt } from "@spectron/core";
import { expect, test } from "vitest";

// plain Node, because test runners load the ES build of the tracing packages, which lacks file endings
test("spans and receipts tell what memory did and what failed, and hold nothing that was said", async () => {
  const folder = await mkdtemp(join(tmpdir(), "spectron-telemetry-"));
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--conditions=@spectron/source",
    join(import.meta.dirname, "telemetry-child.ts"),
    join(folder, "memory.db"),
  ]);
  await rm(folder, { recursive: true, force: true });
  const { spans, receipts } = JSON.parse(stdout) as {
    spans: { name: string; status: object }[];
    receipts: Receipt[];
  };
  expect(spans.map(({ name }) => name).toSorted()).toEqual([
    "spectron.recall",
    "spectron.recall",
    "spectron.store",
    "spectron.store",
    "spectron.store",
    "spectron.tool.recall",
  ]);
  expect(spans.at(-1)?.status).toEqual({ code: 2, message: "connection" });
  expect(stdout).not.toContain("Braga");
  expect(stdout).not.toContain("transport");

  const [done, failed] = receipts;
  expect(done?.recalled).toMatchObject({ asked: true, cached: false, failed: false });
  expect(done?.recalled.entries).toBeGreaterThan(0);
  expect(done?.recalled.hits?.[0]?.score).toBeGreaterThan(0);
  expect(done?.recalled.hits?.flatMap(({ turns }) => turns)).not.toEqual([]);
  expect(done?.stored).toMatchObject({ failed: 0, kept: 0, failures: [] });
  expect(done?.stored.keys).toHaveLength(2);
  expect(done?.stored.turnIds).toHaveLength(2);
  expect(failed?.recalled).toMatchObject({ asked: true, failed: true, failure: "connection" });
});
