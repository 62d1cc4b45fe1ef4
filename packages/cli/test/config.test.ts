import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProgram } from "@spectron/cli";
import { createSpectron } from "@spectron/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { API_KEY } from "./server-process.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-config-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Starts the command with a config module of this text. */
async function serveWith(text: string | undefined, name = "spectron.config.mjs") {
  const path = join(folder, name);
  if (text !== undefined) await writeFile(path, text);
  const lines: string[] = [];
  let stop = (): void => undefined;
  let failed = false;
  await createProgram({
    out: (line) => lines.push(line),
    error: (line) => lines.push(line),
    onStop: (handler) => (stop = handler),
    fail: () => (failed = true),
  }).parseAsync(
    ["serve", "--data", folder, "--port", "0", "--api-key", API_KEY, "--config", path],
    {
      from: "user",
    },
  );
  return { output: lines.join("\n"), failed, stop: () => stop() };
}

const EXTRACTOR = `{
  name: "shouting",
  async extract({ messages }) {
    return {
      facts: messages.map(({ turnId, content }) => ({
        subject: { type: "person", name: "user" },
        key: "likes",
        value: content,
        category: "knowledge",
        polarity: "affirm",
        confidence: 0.9,
        turnIds: [turnId],
        quote: content,
      })),
      instructions: [],
      uncertainties: [],
      corrections: [],
    };
  },
}`;

test.each(["spectron.config.mjs", "spectron.config.ts"])(
  "the extractor of %s reads what is sent to the server",
  async (name) => {
    const { output, stop } = await serveWith(`export default { extractor: ${EXTRACTOR} };`, name);
    const url = /listening on (\S+)/.exec(output)?.[1] ?? "";
    const spectron = createSpectron({ url, apiKey: API_KEY, context: "dev" });
    const { extractions } = await spectron.facts.batch({
      scopes: [["org/acme"]],
      messages: [{ role: "user", content: "Rain." }],
    });
    expect(extractions[0]?.attributes).toMatchObject([{ key: "likes", value: "Rain." }]);
    stop();
  },
);

test.each([
  ["a file that is not there", undefined, "there is no file"],
  ["a module that does not load", "export default {", "does not load"],
  ["a module that imports what is not there", 'import "./gone.mjs";', "does not load"],
  ["no default export", "export const extractor = 1;", "has no default export"],
  ["a default export that is no object", "export default 3;", "must be an object of settings"],
  [
    "an unknown setting",
    "export default { extracter: {} };",
    'no setting "extracter"; there is extractor',
  ],
  [
    "an extractor without a function",
    "export default { extractor: { name: 'x' } };",
    "extractor must be",
  ],
  ["no extractor in the list", "export default { extractor: [] };", "extractor must be"],
  [
    "a timeout that is none",
    "export default { extractTimeoutMs: -1 };",
    "extractTimeoutMs must be",
  ],
])("%s is refused with what to change", async (_, text, message) => {
  const { output, failed } = await serveWith(text);
  expect(failed).toBe(true);
  expect(output).toContain(message);
  expect(output).not.toContain("listening");
});
