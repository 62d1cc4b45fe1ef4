import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSpectron } from "@spectron/core";
import { embedded } from "@spectron/server";
import { expect, test } from "vitest";

/** What an application's own models would do. */
const embedWithModel = async (texts: string[]): Promise<number[][]> =>
  texts.map((text) => [text.length, 1]);
async function* writeWithModel(prompt: { system: string }): AsyncIterable<string> {
  yield prompt.system.includes("blue pot") ? "Under the blue pot." : "I do not know.";
}

test("an application hands in its own models", async () => {
  const folder = await mkdtemp(join(tmpdir(), "spectron-"));
  // #region models
  const service = await embedded({
    path: join(folder, "memory.db"),
    embedder: { name: "my-model-1", dimensions: 2, embed: (texts) => embedWithModel([...texts]) },
    generator: { name: "my-writer", generate: (prompt) => writeWithModel(prompt) },
  });
  // #endregion
  const spectron = createSpectron(service);
  const scopes = [["org/acme/user/alice"]];
  await spectron.facts.batch({
    scopes,
    messages: [{ role: "user", content: "The spare key is under the blue pot." }],
  });
  const response = await service.fetch(`${service.url}/api/v1/${service.context}/chat`, {
    method: "POST",
    headers: { authorization: `Bearer ${service.apiKey}` },
    body: JSON.stringify({ message: "Where is the spare key?", scopes }),
  });
  expect(await response.json()).toMatchObject({ reply: "Under the blue pot." });
  await spectron.close();
  await rm(folder, { recursive: true, force: true });
});
