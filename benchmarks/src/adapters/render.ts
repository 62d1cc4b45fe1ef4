import type { Outage, Timing, Traffic } from "./measure.ts";

/** Everything one run measured, by contender. */
export interface Results {
  machine: string;
  rounds: number;
  /** A `fetch` of one answer, by the pause of the memory server, milliseconds. */
  bareReads: Record<number, number>;
  /** By the pause of the memory server in milliseconds. */
  timings: Record<number, Record<string, Timing>>;
  toolTurn: Record<string, Traffic>;
  tenTurns: Record<string, Traffic>;
  dead: Record<string, Outage>;
  hanging: Record<string, Outage>;
}

/** The results as a page: one table, a column for each contender. */
export function renderResults(results: Results): string {
  const names = Object.keys(results.toolTurn);
  const row = (title: string, cell: (name: string) => string): string =>
    `| ${[title, ...names.map(cell)].join(" | ")} |`;
  const timingRows = Object.entries(results.timings).flatMap(([pause, byName]) => {
    const added = (name: string, kind: keyof Timing): string =>
      name === "plain"
        ? `(${ms(byName[name]?.[kind])})`
        : ms((byName[name]?.[kind] ?? Number.NaN) - (byName["plain"]?.[kind] ?? Number.NaN));
    return [
      row(`${pause} ms server: a bare fetch of its answer, ms`, (name) =>
        name === "plain" ? `(${ms(results.bareReads[Number(pause)])})` : "",
      ),
      row(`${pause} ms server: added to a call, ms`, (name) => added(name, "call")),
      row(`${pause} ms server: added to the first token, ms`, (name) => added(name, "firstToken")),
      row(`${pause} ms server: added to a 3-step tool turn, ms`, (name) => added(name, "toolTurn")),
    ];
  });
  const outage = (value: Outage | undefined): string => `${ms(value?.first)}, ${ms(value?.second)}`;
  const turn = (name: string): Traffic | undefined => results.toolTurn[name];
  const ten = (name: string): Traffic | undefined => results.tenTurns[name];
  const lines = [
    "# Memory adapters of the Vercel AI SDK under the same work",
    "",
    "One mock memory server on this machine, in a thread of its own, speaks every contender's wire; one scripted model answers at once through the OpenAI provider. Medians; contenders take turns within each round. `npm run bench:adapters` installs the peers into a temporary folder and repeats the run.",
    "",
    `${results.machine}. ${results.rounds} rounds (5 at 100 ms).`,
    "",
    row("", (name) => name),
    row("---", () => "---"),
    row(
      "3-step tool turn: read rounds, one after the other",
      (name) => `${turn(name)?.readRounds}`,
    ),
    row("3-step tool turn: read requests", (name) => `${turn(name)?.reads}`),
    row("3-step tool turn: write requests", (name) => `${turn(name)?.writes}`),
    row("3-step tool turn: user and final message sent again", (name) => `${turn(name)?.repeated}`),
    ...timingRows,
    row("10 turns: messages sent", (name) => `${ten(name)?.messages}`),
    row("10 turns: bytes written", (name) => `${ten(name)?.bytes}`),
    row("10 turns: messages never sent, of 20", (name) => `${ten(name)?.lost}`),
    row("10 turns: messages sent again", (name) => `${ten(name)?.repeated}`),
    row("Server answers 500: first call, second call, ms", (name) => outage(results.dead[name])),
    row("Server hangs: first call, second call, ms", (name) => outage(results.hanging[name])),
    "",
    "Reading it:",
    "",
    "- `plain` is the SDK alone; its times are in brackets and are taken off the others. A bare fetch is what one read of this server costs without any adapter.",
    "- `spectron` asks for profile and context in one request. The first write of a process also asks once what the service can do; the figures are of a warm process.",
    "- A message that is sent again is not stored again by a service that knows it: `supermemory` sends the whole conversation under one id. `mem0` writes in front of the model, so the last answer is not sent before another turn.",
    "- `>10000` is a call that was still waiting when the run gave up.",
    "",
  ];
  return lines.join("\n");
}

function ms(value: number | null | undefined): string {
  if (value === null) return ">10000";
  return value === undefined ? "" : value.toFixed(1);
}
