import { setTimeout as delay } from "node:timers/promises";
import { generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import type { ModelMessage } from "ai";
import type { Contender } from "./contenders.ts";
import type { MockMemoryServer, MockRequest } from "./memory-server.ts";
import type { ScriptedAnswer } from "./scripted-openai.ts";

export interface Bench {
  server: MockMemoryServer;
  script: ScriptedAnswer[];
}

/** Milliseconds of one contender at one pause of the memory server, medians. */
export interface Timing {
  call: number;
  firstToken: number;
  toolTurn: number;
}

/** What reached the memory server. */
export interface Traffic {
  /** Reads that had to be answered one after the other before the model went on. */
  readRounds: number;
  reads: number;
  writes: number;
  messages: number;
  bytes: number;
  lost: number;
  repeated: number;
}

/** Milliseconds of two calls in a row while the memory server fails; null: still waiting at the cap. */
export interface Outage {
  first: number | null;
  second: number | null;
}

type Subject = ReturnType<Contender["create"]>;

const CAP_MS = 10_000;
const tools = {
  look: tool({
    inputSchema: jsonSchema<Record<string, never>>({ type: "object", properties: {} }),
    execute: async () => "sunny",
  }),
};
let conversations = 0;

function open(contender: Contender): Subject {
  conversations += 1;
  return contender.create(`bench-${conversations}`);
}

function settings(
  subject: Subject,
): Pick<Parameters<typeof generateText>[0], "model" | "maxRetries" | "providerOptions"> {
  const { model, providerOptions } = subject;
  return { model, maxRetries: 0, ...(providerOptions === undefined ? {} : { providerOptions }) };
}

async function call(
  bench: Bench,
  subject: Subject,
  messages: ModelMessage[],
  answer: string,
): Promise<void> {
  bench.script.push(answer);
  await generateText({ ...settings(subject), messages });
}

async function firstToken(bench: Bench, subject: Subject, text: string): Promise<number> {
  bench.script.push("An answer.");
  const started = performance.now();
  const result = streamText({ ...settings(subject), prompt: text });
  let first = Number.NaN;
  for await (const _ of result.textStream)
    if (Number.isNaN(first)) first = performance.now() - started;
  return first;
}

async function toolTurn(bench: Bench, subject: Subject, text: string): Promise<void> {
  bench.script.push({ call: "c1" }, { call: "c2" }, "Sunny.");
  await generateText({ ...settings(subject), prompt: text, tools, stopWhen: stepCountIs(3) });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** A plain `fetch` of one answer: what a read costs at least. */
export async function measureBareRead(bench: Bench, delayMs: number): Promise<number> {
  await bench.server.behave({ delayMs });
  const times: number[] = [];
  for (let round = -3; round < 30; round += 1) {
    const time = await timed(async () => {
      const response = await fetch(`${bench.server.url}/api/v1/bench/context`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query: "A question?", messages: [] }),
      });
      await response.json();
    });
    if (round >= 0) times.push(time);
    await delay(10);
  }
  return median(times);
}

/** Contenders take turns, so that a busy moment of the machine meets all of them. */
export async function measureTimings(
  bench: Bench,
  contenders: readonly Contender[],
  options: { delayMs: number; rounds: number },
): Promise<Record<string, Timing>> {
  await bench.server.behave({ delayMs: options.delayMs });
  const subjects = contenders.map((contender) => ({ contender, subject: open(contender) }));
  const samples = new Map(
    contenders.map(({ name }) => [
      name,
      { call: [], firstToken: [], toolTurn: [] } as Record<keyof Timing, number[]>,
    ]),
  );
  for (let round = -1; round < options.rounds; round += 1)
    for (const { contender, subject } of subjects) {
      const own = samples.get(contender.name);
      const question = (kind: string): ModelMessage[] => [
        { role: "user", content: `${kind} question ${round}` },
      ];
      const single = await timed(async () => call(bench, subject, question("A"), "An answer."));
      await settled(bench, subject);
      const token = await firstToken(bench, subject, `A streamed question ${round}`);
      await settled(bench, subject);
      const turn = await timed(async () => toolTurn(bench, subject, `A tool question ${round}`));
      await settled(bench, subject);
      // the first round warms up connections and capabilities
      if (round < 0) continue;
      own?.call.push(single);
      own?.firstToken.push(token);
      own?.toolTurn.push(turn);
    }
  return Object.fromEntries(
    [...samples].map(([name, own]) => [
      name,
      {
        call: median(own.call),
        firstToken: median(own.firstToken),
        toolTurn: median(own.toolTurn),
      },
    ]),
  );
}

/** What a three-step tool turn sends, on a warm client. */
export async function measureToolTurn(bench: Bench, contender: Contender): Promise<Traffic> {
  await bench.server.behave({ delayMs: 25 });
  const subject = open(contender);
  await call(bench, subject, [{ role: "user", content: "Hello." }], "Hi.");
  await settled(bench, subject);
  await toolTurn(bench, subject, "How is the weather?");
  return traffic(await settled(bench, subject), ["How is the weather?", "Sunny."], 25);
}

/** What a conversation of ten turns sends. */
export async function measureConversation(bench: Bench, contender: Contender): Promise<Traffic> {
  await bench.server.behave({ delayMs: 0 });
  const subject = open(contender);
  const requests: MockRequest[] = [];
  const messages: ModelMessage[] = [];
  const said: string[] = [];
  const filler = "and some more words to make it as long as a message usually is, ".repeat(3);
  for (let turn = 1; turn <= 10; turn += 1) {
    const question = `Question ${turn} of ten, ${filler}?`;
    const answer = `Answer ${turn} of ten, ${filler}.`;
    messages.push({ role: "user", content: question });
    await call(bench, subject, messages, answer);
    messages.push({ role: "assistant", content: answer });
    said.push(question, answer);
    requests.push(...(await settled(bench, subject)));
  }
  return traffic(requests, said, 0);
}

/** Two calls in a row while the server fails. */
export async function measureOutage(
  bench: Bench,
  contender: Contender,
  failure: "dead" | "hanging",
): Promise<Outage> {
  await bench.server.behave({ delayMs: 0 });
  const subject = open(contender);
  await call(bench, subject, [{ role: "user", content: "Hello." }], "Hi.");
  await settled(bench, subject);
  await bench.server.behave({ delayMs: 0, failure });
  const attempt = async (text: string): Promise<number | null> => {
    const started = performance.now();
    const done = call(bench, subject, [{ role: "user", content: text }], "An answer.").then(
      () => performance.now() - started,
      () => performance.now() - started,
    );
    return Promise.race([done, delay(CAP_MS, null, { ref: false })]);
  };
  const first = await attempt("First?");
  // a call that still waits would take the answer of the next
  const second = first === null ? null : await attempt("Second?");
  bench.script.length = 0;
  return { first, second };
}

/** Waits until the contender's writes have arrived; answers with what came since the last time. */
async function settled(bench: Bench, subject: Subject): Promise<MockRequest[]> {
  await subject.flush();
  const all: MockRequest[] = [];
  for (;;) {
    await delay(40);
    const requests = await bench.server.requests();
    if (requests.length === 0) return all;
    all.push(...requests);
  }
}

function traffic(
  requests: readonly MockRequest[],
  said: readonly string[],
  delayMs: number,
): Traffic {
  const reads = requests.filter(({ kind }) => kind === "read");
  const writes = requests.filter(({ kind }) => kind === "write");
  const sent = writes.flatMap(({ messages }) => messages);
  const times = (text: string): number => sent.filter((item) => item.includes(text)).length;
  const rounds = reads.filter(
    ({ at }, index) => index === 0 || at - (reads[index - 1]?.at ?? 0) >= delayMs * 0.8,
  );
  return {
    readRounds: delayMs === 0 ? Number.NaN : rounds.length,
    reads: reads.length,
    writes: writes.length,
    messages: sent.length,
    bytes: writes.reduce((sum, { bytes }) => sum + bytes, 0),
    lost: said.filter((text) => times(text) === 0).length,
    repeated: said.reduce((sum, text) => sum + Math.max(0, times(text) - 1), 0),
  };
}
