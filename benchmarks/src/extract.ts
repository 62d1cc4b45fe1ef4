import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { createRuleExtractor, gateExtraction } from "@spectron/engine";
import {
  NEUTRAL_MESSAGES,
  parseFacts,
  scoreFacts,
  STATED_SENTENCES,
} from "@spectron/testing/extraction";
import type { ScoredFact } from "@spectron/testing/extraction";

interface ChatLabel {
  conversation: string;
  turn: string;
  sha256: string;
  stratum: string;
  facts: { key: string; polarity?: "negate"; span: [number, number] }[];
}

interface Conversation {
  t: string;
  id: string;
  sessions: { turns: { id: string; who: string; text: string; ts: string }[] }[];
}

interface Case {
  text: string;
  speaker?: string;
  ts: number;
  labels: ScoredFact[];
}

interface Row {
  set: string;
  category: string;
  right: number;
  wrong: number;
  missed: number;
}

const CATEGORIES: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:name|preferred_name|pronouns|age|birth|nationality|timezone|lang|native|marital)/u,
    "identity",
  ],
  [/^(?:home|past_home|birthplace|hometown)/u, "places"],
  [/^(?:employer|past_employer|job|industry|work|employment|school|degree)/u, "work"],
  [/^(?:likes|dislikes|prefers|favorite|hobbies|avoids|diet)/u, "tastes"],
  [/^(?:allergies|other:health)/u, "health"],
  [/^pets/u, "pets"],
];
const extractor = createRuleExtractor();

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, show: { type: "boolean", default: false } },
});
const rows: Row[] = [];
const shown: string[] = [];
/** Rounds before the time counts: a server's patterns are compiled, too. */
const WARM_UP = 3;
const NOW = Date.UTC(2026, 0, 15, 12);

await score(
  "own sentences",
  STATED_SENTENCES.map(([text, facts]) => ({ text, ts: NOW, labels: parseFacts(facts) })),
);
const neutral = await score(
  "neutral",
  NEUTRAL_MESSAGES.map((text) => ({ text, ts: NOW, labels: [] })),
);
const [path] = positionals;
const chat = path === undefined ? undefined : await readChat(path);
if (chat !== undefined) await score("chat", chat.cases);
const speed = await measureSpeed(chat?.texts ?? STATED_SENTENCES.map(([text]) => text));

const summary = {
  sets: [...new Set(rows.map((row) => row.set))].map((set) => ({
    set,
    ...rates(rows.filter((row) => row.set === set)),
  })),
  rows: rows.map((row) => ({ ...row, ...rates([row]) })),
  neutral: { messages: NEUTRAL_MESSAGES.length, false: neutral },
  chatTurns: chat?.cases.length ?? 0,
  msPerTurn: speed,
};
process.stdout.write(values.json ? `${JSON.stringify(summary)}\n` : table());

async function extract(test: Case): Promise<ScoredFact[]> {
  const input = {
    messages: [
      {
        turnId: "0",
        role: "user" as const,
        content: test.speaker === undefined ? test.text : `${test.speaker}: ${test.text}`,
        ts: test.ts,
        ...(test.speaker === undefined ? {} : { speaker: test.speaker }),
      },
    ],
    known: [],
    now: test.ts,
  };
  return gateExtraction(input, await extractor.extract(input)).extraction.facts;
}

/** Adds the rows of one set; returns how many facts were wrong. */
async function score(set: string, cases: readonly Case[]): Promise<number> {
  const counts = new Map<string, Row>();
  const count = (fact: ScoredFact, field: "right" | "wrong" | "missed", text: string): void => {
    const category = CATEGORIES.find(([pattern]) => pattern.test(fact.key))?.[1] ?? "family";
    const row = counts.get(category) ?? { set, category, right: 0, wrong: 0, missed: 0 };
    row[field] += 1;
    counts.set(category, row);
    if (field !== "right")
      shown.push(
        `${set} ${field}: ${fact.polarity === "negate" ? "!" : ""}${fact.key}=${fact.value} | ${text}`,
      );
  };
  for (const test of cases) {
    const { right, wrong, missed } = scoreFacts(await extract(test), test.labels);
    for (const fact of right) count(fact, "right", test.text);
    for (const fact of wrong) count(fact, "wrong", test.text);
    for (const fact of missed) count(fact, "missed", test.text);
  }
  rows.push(...[...counts.values()].toSorted((a, b) => a.category.localeCompare(b.category)));
  return [...counts.values()].reduce((sum, row) => sum + row.wrong, 0);
}

/** Joins the committed labels with a file of conversations that stays outside the repository. */
async function readChat(file: string): Promise<{ cases: Case[]; texts: string[] }> {
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  const turns = new Map(
    lines
      .map((line) => JSON.parse(line) as Conversation)
      .filter((line) => line.t === "conv")
      .flatMap(({ id, sessions }) =>
        sessions.flatMap((session) =>
          session.turns.map((turn) => [`${id} ${turn.id}`, turn] as const),
        ),
      ),
  );
  const labels = (await readFile(new URL("../fixtures/chat-labels.jsonl", import.meta.url), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as ChatLabel);
  const cases = labels.map((label) => {
    const turn = turns.get(`${label.conversation} ${label.turn}`);
    if (turn === undefined || !digest(turn.text).startsWith(label.sha256))
      throw new Error(`${label.conversation} ${label.turn} is not the turn that was labelled.`);
    return {
      text: turn.text,
      speaker: turn.who,
      ts: Date.parse(turn.ts),
      labels: label.facts.map(({ key, polarity, span }) => ({
        key,
        value: turn.text.slice(...span),
        polarity: polarity ?? ("affirm" as const),
      })),
    };
  });
  return { cases, texts: [...turns.values()].map((turn) => turn.text) };
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function measureSpeed(texts: readonly string[]): Promise<number> {
  const input = {
    messages: texts.map((content, index) => ({
      turnId: String(index),
      role: "user" as const,
      content,
      ts: NOW,
    })),
    known: [],
    now: NOW,
  };
  for (let round = 0; round < WARM_UP; round += 1) await extractor.extract(input);
  const start = process.cpuUsage();
  await extractor.extract(input);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000 / texts.length;
}

function rates(of: readonly Row[]): {
  right: number;
  wrong: number;
  missed: number;
  precision: number | null;
  recall: number | null;
} {
  const sum = (field: "right" | "wrong" | "missed"): number =>
    of.reduce((total, row) => total + row[field], 0);
  const [right, wrong, missed] = [sum("right"), sum("wrong"), sum("missed")];
  const share = (of_: number): number | null => (of_ === 0 ? null : right / of_);
  return { right, wrong, missed, precision: share(right + wrong), recall: share(right + missed) };
}

function table(): string {
  const percent = (value: number | null): string =>
    value === null ? "-" : `${(100 * value).toFixed(1)} %`;
  const line = (set: string, category: string, row: ReturnType<typeof rates>): string =>
    `${set.padEnd(16)}${category.padEnd(10)}${String(row.right).padStart(6)}${String(row.wrong).padStart(6)}${String(row.missed).padStart(7)}${percent(row.precision).padStart(10)}${percent(row.recall).padStart(10)}`;
  return [
    "set             category   right wrong missed precision    recall",
    ...summary.rows.map((row) => line(row.set, row.category, row)),
    ...summary.sets.map((row) => line(row.set, "all", row)),
    `neutral messages: ${summary.neutral.messages}, false facts: ${summary.neutral.false}`,
    ...(chat === undefined
      ? ["chat turns: pass the path of the conversations file to score them"]
      : [`chat turns: ${chat.cases.length}`]),
    `${speed.toFixed(3)} ms of processor time a turn`,
    ...(values.show ? shown : []),
    "",
  ].join("\n");
}
