import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import {
  appendFile,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createSpectron } from "@spectron/core";
import type { MemoryError } from "@spectron/core";
import { createAdapterMemory } from "@spectron/core/adapter";
import type { OutboxRecord } from "@spectron/core/adapter";
import { fileOutbox, fileSessionMap } from "@spectron/core/outbox-file";
import { serve } from "@spectron/testing/service";
import { seeded, startFaultProxy } from "@spectron/testing";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";

const RUNS = Number(process.env["SPECTRON_RUNS"] ?? 1);
const SEED = Number(process.env["SPECTRON_SEED"] ?? 7);
const API_KEY = "sk-outbox-0123456789";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "spectron-outbox-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const recordOf = (id: string, key = id): OutboxRecord => ({
  id,
  key,
  thread: "t",
  binding: { scope: "u/a", session: "t" },
  messages: [{ role: "user", text: `text of ${id}`, anchor: id }],
});
const files = async (): Promise<string[]> =>
  (await readdir(directory)).filter((name) => name.startsWith("outbox~"));
/** Leaves what is in the folder as an ended process of another machine would. */
const abandon = async (): Promise<void> => {
  for (const name of await files()) await utimes(join(directory, name), new Date(0), new Date(0));
};

describe("the log", () => {
  test("gives the next process what was not delivered, in order and in its newest state", async () => {
    const first = fileOutbox({ directory });
    for (const id of ["1", "2", "3"]) void first.put(recordOf(id), "s");
    void first.put({ ...recordOf("2"), messages: undefined, body: "{}" }, "s");
    void first.remove("1");
    first.close();
    await abandon();
    const next = fileOutbox({ directory });
    const recovered = await next.open("s");
    expect(recovered.map(({ id }) => id)).toEqual(["2", "3"]);
    expect(recovered[0]?.body).toBe("{}");
    expect(await next.open("s")).toEqual([]);
    expect(await files()).toHaveLength(1);
    next.close();
  });

  test("cut anywhere, it opens to the whole records before the cut", async () => {
    const first = fileOutbox({ directory });
    const ids = ["1", "2", "3", "4"];
    for (const id of ids) void first.put(recordOf(id), "s");
    const [name = ""] = await files();
    const whole = await readFile(join(directory, name));
    first.close();
    const ends: number[] = [];
    for (let at = whole.indexOf(10); at !== -1; at = whole.indexOf(10, at + 1)) ends.push(at);
    const random = seeded(SEED);
    for (let run = 0; run < 40; run += 1) {
      const cut = Math.floor(random() * (whole.length + 1));
      for (const old of await readdir(directory)) await rm(join(directory, old));
      await writeFile(join(directory, name), whole.subarray(0, cut));
      await abandon();
      const next = fileOutbox({ directory });
      const recovered = await next.open("s");
      expect(recovered.map(({ id }) => id)).toEqual(
        ids.slice(0, ends.filter((end) => end <= cut).length),
      );
      next.close();
    }
  });

  test("a damaged line costs that line alone, is reported, and the file is set aside", async () => {
    const first = fileOutbox({ directory });
    for (const id of ["1", "2", "3"]) void first.put(recordOf(id), "s");
    const [name = ""] = await files();
    first.close();
    const text = await readFile(join(directory, name), "utf8");
    await writeFile(join(directory, name), text.replace("text of 2", "text of 9"));
    await abandon();
    const errors: MemoryError[] = [];
    const next = fileOutbox({ directory, onError: (error) => errors.push(error) });
    expect((await next.open("s")).map(({ id }) => id)).toEqual(["1", "3"]);
    expect(errors.map(({ code }) => code)).toEqual(["invalid_response"]);
    expect(errors[0]?.message).not.toContain("text of");
    expect((await readdir(directory)).some((file) => file.endsWith(".damaged"))).toBe(true);
    next.close();
  });

  test("a full disk is a typed error, and the file goes on with whole lines when there is room again", async () => {
    let room = 2;
    const full = fileOutbox({
      directory,
      write(fd, line) {
        room -= 1;
        if (room !== 0) {
          writeSync(fd, line);
          return;
        }
        writeSync(fd, line.slice(0, 20));
        throw Object.assign(new Error("no space"), { code: "ENOSPC" });
      },
    });
    void full.put(recordOf("1"), "s");
    expect(() => full.put(recordOf("2"), "s")).toThrow(
      expect.objectContaining({ code: "outbox_full", message: expect.stringContaining("ENOSPC") }),
    );
    void full.put(recordOf("3"), "s");
    full.close();
    await abandon();
    const errors: MemoryError[] = [];
    const next = fileOutbox({ directory, onError: (error) => errors.push(error) });
    expect((await next.open("s")).map(({ id }) => id)).toEqual(["1", "3"]);
    expect(errors).toEqual([]);
    next.close();
  });

  test("stays small: empty when all is delivered, written anew when most is", async () => {
    const spill = fileOutbox({ directory });
    const padding = "x".repeat(20_000);
    void spill.put(recordOf("kept"), "s");
    for (let index = 0; index < 200; index += 1) {
      const id = String(index);
      void spill.put({ ...recordOf(id), body: padding }, "s");
      void spill.remove(id);
    }
    const size = async (): Promise<number> => {
      const [name = ""] = await files();
      return (await stat(join(directory, name))).size;
    };
    expect(await files()).toHaveLength(1);
    expect(await size()).toBeLessThan(1_100_000);
    void spill.remove("kept");
    expect(await size()).toBe(0);
    spill.close();
    expect(await files()).toEqual([]);
  });

  test("a file of a living process is left alone, one of a dead one is taken by a single other", async () => {
    const living = fileOutbox({ directory });
    void living.put(recordOf("1"), "s");
    const other = fileOutbox({ directory });
    expect(await other.open("s")).toEqual([]);
    living.close();
    other.close();
    await abandon();
    const heirs = [fileOutbox({ directory }), fileOutbox({ directory })];
    const shares = await Promise.all(heirs.map(async (heir) => heir.open("s")));
    expect(shares.flat().map(({ id }) => id)).toEqual(["1"]);
    for (const heir of heirs) heir.close();
  });
});

test("the session map keeps the first binding, over restarts and torn ends", async () => {
  const path = join(directory, "sessions.log");
  const first = fileSessionMap(path);
  const second = fileSessionMap(path);
  expect(await first.get("a")).toBeUndefined();
  await first.set("a", "sess_1");
  await appendFile(path, '0badc0de ["b"');
  await second.set("a", "sess_2");
  await second.set("b", "sess_3");
  expect(await first.get("b")).toBe("sess_3");
  expect(await fileSessionMap(path).get("a")).toBe("sess_1");
});

describe("killed processes", () => {
  interface Child {
    process: ChildProcess;
    safe: string[];
    ended: Promise<boolean>;
    told: (count: number) => Promise<void>;
  }

  function start(url: string, session: string, from: number, to: number): Child {
    const child = spawn(
      process.execPath,
      [
        "--conditions=@spectron/source",
        join(import.meta.dirname, "outbox-child.ts"),
        url,
        API_KEY,
        directory,
        session,
        String(from),
        String(to),
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const safe: string[] = [];
    let isDone = false;
    const waiting = new Set<() => void>();
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line === "done") isDone = true;
      else safe.push(line.slice("safe ".length));
      for (const check of waiting) check();
    });
    const ended = new Promise<boolean>((resolve) => {
      child.on("close", () => {
        resolve(isDone);
        for (const check of waiting) check();
      });
    });
    return {
      process: child,
      safe,
      ended,
      told: async (count) =>
        new Promise((resolve) => {
          const check = (): void => {
            if (safe.length < count && !isDone && child.exitCode === null) return;
            waiting.delete(check);
            resolve();
          };
          waiting.add(check);
          check();
        }),
    };
  }

  test(
    "lose nothing that was on disk, double nothing and keep the order, while answers get lost",
    { timeout: 60_000 * (1 + RUNS) },
    async () => {
      const server = await serve({ data: join(directory, "data"), port: 0, apiKey: API_KEY });
      const proxy = await startFaultProxy(server.url);
      onTestFinished(async () => {
        await proxy.close();
        await server.close();
      });
      const random = seeded(SEED);
      proxy.decide(() => {
        const dice = random();
        return { kind: dice < 0.3 ? "swallow" : dice < 0.5 ? "refuse" : "pass" };
      });
      const kills = Math.round(4 * RUNS);
      const each = 30;
      const safe = new Set<string>();
      for (let run = 0; run <= kills; run += 1) {
        const child = start(proxy.url, "thread", run * each, (run + 1) * each);
        await child.told(1);
        // shares the folder on a conversation of its own, and may inherit what the first leaves
        const beside = run % 4 === 0 ? start(proxy.url, `beside-${run}`, 0, 10) : undefined;
        if (run < kills) {
          await child.told(1 + Math.floor(random() * each));
          child.process.kill("SIGKILL");
        } else proxy.heal();
        expect(await child.ended).toBe(run === kills);
        for (const line of child.safe) safe.add(line);
        expect(beside === undefined || (await beside.ended)).toBe(true);
      }
      const spectron = createSpectron({ url: server.url, apiKey: API_KEY, context: "dev" });
      const id = await createAdapterMemory({ spectron, adapter: "kit" }).sessionId({
        scope: "org/acme/user/alice",
        session: "thread",
      });
      const stored: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await spectron.sessions.turns(id, { limit: 500, cursor });
        stored.push(...page.turns.map(({ content }) => content));
        cursor = page.page?.nextCursor;
      } while (cursor !== undefined);
      expect([...safe].filter((line) => !stored.includes(line))).toEqual([]);
      expect(new Set(stored).size).toBe(stored.length);
      const numbers = stored.map((line) => Number(line.slice("line ".length)));
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      expect(await files()).toEqual([]);
    },
  );
});
