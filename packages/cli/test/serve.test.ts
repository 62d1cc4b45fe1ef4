import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProgram } from "@spectron/cli";
import { createSpectron } from "@spectron/core";
import { embedded } from "@spectron/server";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startInVain, startServer } from "./server-process.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-cli-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function run(...flags: string[]) {
  const lines: string[] = [];
  let stop = (): void => undefined;
  let failed = false;
  await createProgram({
    out: (line) => lines.push(line),
    error: (line) => lines.push(line),
    onStop: (handler) => (stop = handler),
    fail: () => (failed = true),
  }).parseAsync(["serve", "--data", folder, "--port", "0", ...flags], { from: "user" });
  return { lines, failed, stop: () => stop() };
}

/** `fetch` does not let a caller name another Host. */
async function statusFor(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(`${url}/api/v1/health`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject);
  });
}

test("the first start shows a key once, and the server answers with it", async () => {
  const { lines, stop } = await run("--context", "team");
  const apiKey = /shown once: (\S+)/.exec(lines[0] ?? "")?.[1] ?? "";
  const url = /^listening on (http:\/\/127\.0\.0\.1:\d+)$/.exec(lines[1] ?? "")?.[1] ?? "";
  const spectron = createSpectron({ url, apiKey, context: "team" });
  expect(await spectron.me()).toMatchObject({ principalId: "owner" });
  stop();
});

test("a fixed key works and is not shown", async () => {
  const { lines, stop } = await run("--api-key", "test-key");
  const url = lines[0]?.replace("listening on ", "") ?? "";
  expect(lines).toHaveLength(1);
  const spectron = createSpectron({ url, apiKey: "test-key", context: "dev" });
  expect(await spectron.me()).toMatchObject({ principalId: "owner" });
  const wrong = createSpectron({ url, apiKey: "other", context: "dev" });
  await expect(wrong.me()).rejects.toMatchObject({ code: "unauthorized" });
  expect(await statusFor(url, "127.0.0.1")).toBe(200);
  expect(await statusFor(url, "evil.example")).toBe(403);
  stop();
});

test("a clock that is behind the newest memory is told, and the server answers", async () => {
  const day = 24 * 60 * 60 * 1000;
  const ahead = await embedded({
    path: join(folder, "memory.db"),
    now: () => Date.now() + day,
  });
  await ahead.close();
  const { lines, failed, stop } = await run("--api-key", "test-key");
  expect(failed).toBe(false);
  expect(lines).toEqual([
    expect.stringMatching(/^warning: the newest memory is (1439|1440) minutes ahead/),
    expect.stringMatching(/^listening on /),
  ]);
  stop();
});

test("a folder that is in use is refused in one line with the holder's pid, until that is killed", async () => {
  const flags = ["--data", folder, "--port", "0"];
  const first = await startServer(flags);
  const refused = await startInVain(flags);
  expect(refused).toEqual({ code: 1, stdout: "", stderr: expect.any(String) as string });
  expect(refused.stderr).toMatch(
    new RegExp(`^spectron serve: .*in use by another process \\(pid ${first.child.pid}\\).*\n$`),
  );
  const killed = once(first.child, "exit");
  first.child.kill("SIGKILL");
  await killed;
  const second = await startServer(flags);
  const stopped = once(second.child, "exit");
  second.child.kill("SIGTERM");
  expect(await stopped).toEqual([0, null]);
});
