import { fileURLToPath } from "node:url";
import { readConversations } from "./conversations.ts";
import { mean, measure } from "./measures.ts";
import type { Measures } from "./measures.ts";
import { createFts5, startService } from "./systems.ts";
import type { System } from "./systems.ts";

const SAMPLE = fileURLToPath(new URL("../data/sample.jsonl", import.meta.url));
/** Questions without an answer measure something else: whether one keeps silent. */
const UNANSWERABLE = "adversarial";

const conversations = readConversations(process.argv[2] ?? SAMPLE);
const questions = conversations.flatMap(({ id, questions: asked }) =>
  asked.filter(({ kind }) => kind !== UNANSWERABLE).map((question) => ({ id, question })),
);
const service = await startService(conversations);
const systems = [createFts5(conversations), ...service.systems];
const out = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
out(
  `${conversations.length} conversations, ${questions.length} questions; shares in percent, time in milliseconds\n`,
);
out(row("", "", ["r@1", "r@5", "r@10", "b512", "ans512", "p50", "p95"]));
for (const system of systems) await run(system);
await service.stop();

async function run(system: System): Promise<void> {
  const rows: { kind: string; measures: Measures }[] = [];
  const times: number[] = [];
  for (const { id, question } of questions) {
    const started = performance.now();
    const found = await system.find(id, question.text);
    times.push(performance.now() - started);
    rows.push({ kind: question.kind, measures: measure(question, found) });
  }
  times.sort((a, b) => a - b);
  const at = (share: number): string =>
    (times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(1);
  const kinds = [...new Set(rows.map(({ kind }) => kind))].toSorted((a, b) => (a < b ? -1 : 1));
  out(row(system.name, rows.length, [...percent(rows), at(0.5), at(0.95)]));
  for (const kind of kinds) {
    const some = rows.filter((item) => item.kind === kind);
    out(row(`  ${kind}`, some.length, percent(some)));
  }
}

function percent(rows: readonly { measures: Measures }[]): string[] {
  const { r1, r5, r10, b512, ans512 } = mean(rows.map(({ measures }) => measures));
  return [r1, r5, r10, b512, ans512].map((value) =>
    Number.isNaN(value) ? "-" : (100 * value).toFixed(1),
  );
}

function row(name: string, count: number | string, values: readonly string[]): string {
  return [
    name.padEnd(16),
    String(count).padStart(5),
    ...values.map((value) => value.padStart(7)),
  ].join(" ");
}
