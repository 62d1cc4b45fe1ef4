import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProgram } from "@spectron/cli";
import { createSpectron } from "@spectron/core";
import { embedded } from "@spectron/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { API_KEY, startInVain, startServer } from "./server-process.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectron-cli-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
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

test.each(["flag", "environment"])("a key from the %s works and is not shown", async (from) => {
  if (from === "environment") vi.stubEnv("SPECTRON_API_KEY", API_KEY);
  const { lines, stop } = await run(...(from === "flag" ? ["--api-key", API_KEY] : []));
  const url = lines[0]?.replace("listening on ", "") ?? "";
  expect(lines).toHaveLength(1);
  const spectron = createSpectron({ url, apiKey: API_KEY, context: "dev" });
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
  const { lines, failed, stop } = await run("--api-key", API_KEY);
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

test("what a wrong start needs is said in one line, and no key is made", async () => {
  expect(await run("--context", "a b")).toMatchObject({
    failed: true,
    lines: [expect.stringMatching(/^spectron serve: A context is named by 1 to 64 letters/)],
  });
  expect(await run("--api-key", "hello")).toMatchObject({
    failed: true,
    lines: [expect.stringMatching(/^spectron serve: An API key of your own needs 16/)],
  });
});

test("a failure is logged with its code, route and trace id, and without what was said", async () => {
  const config = join(folder, "config.mjs");
  await writeFile(
    config,
    `export default { generator: { name: "broken", generate() { throw new Error("no " + "Braga"); } } };`,
  );
  const { lines, stop } = await run("--api-key", API_KEY, "--config", config);
  const url = lines[0]?.replace("listening on ", "") ?? "";
  const response = await fetch(`${url}/api/v1/dev/chat`, {
    method: "POST",
    headers: { authorization: `Bearer ${API_KEY}` },
    body: JSON.stringify({ message: "I live in Braga.", scopes: [["u/a"]] }),
  });
  expect(response.status).toBe(502);
  expect(lines.slice(1)).toEqual([
    expect.stringMatching(/^error: generator_failed: .+ \(POST \/api\/v1\/:context\/chat, trace /),
  ]);
  expect(lines[1]).toContain(`trace ${response.headers.get("x-trace-id")})`);
  expect(lines[1]).not.toContain("Braga");
  stop();
});

test("the version and each default are told once", async () => {
  const told = async (...words: string[]): Promise<string> => {
    const lines: string[] = [];
    const program = createProgram({
      out: (line) => lines.push(line),
      error: (line) => lines.push(line),
      onStop: () => undefined,
      fail: () => undefined,
    });
    for (const command of [program, ...program.commands]) command.exitOverride();
    await program.parseAsync(words, { from: "user" }).catch(() => undefined);
    return lines.join("\n");
  };
  expect(await told("--version")).toMatch(/^\d+\.\d+\.\d+$/);
  for (const command of ["serve", "verify", "backup", "restore"])
    expect((await told(command, "--help")).match(/\.\/\.spectron/g)).toHaveLength(1);
});
