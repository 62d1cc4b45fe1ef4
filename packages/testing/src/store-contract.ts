import { createEngine } from "@spectron/engine";
import type { Caller, Engine, IdempotencyRequest, KeyRecord, Store } from "@spectron/engine";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

/** Durable state that a store opens. */
export interface StoreHome {
  open(): Promise<Store>;
  remove(): Promise<void>;
}

/** One kind of store, as the contract drives it. */
export interface StoreBackend {
  /** Starts what all homes share. */
  start?: (() => Promise<void>) | undefined;
  stop?: (() => Promise<void>) | undefined;
  createHome(): Promise<StoreHome>;
  /** True when several processes may open one home at a time. */
  shared: boolean;
}

const KEY: KeyRecord = {
  context: "dev",
  principal: "p",
  name: "k",
  hash: "none",
  displayName: "p",
  principalKind: "service",
  grants: { "memory:read": ["/*"] },
  keyGrants: null,
  expiresAt: null,
};

const CALLER: Caller = {
  context: "dev",
  principal: "p",
  read: ["/*"],
  write: ["/*"],
  forget: ["/*"],
  manage: ["/*"],
};

const HOUR = 3_600_000;

type Clauses = string[][];
interface Clamp {
  lens?: Clauses;
  subset?: Clauses;
  reads?: string[];
}

/** What the wire contract says of which records a read may see, with a caller who reads everything unless told. */
const VISIBILITY: readonly (readonly [record: Clauses, clamp: Clamp, kept: boolean])[] = [
  [[["org/acme"]], { lens: [["org/acme/user/alice"]] }, true],
  [[["org/acme/user/bob"]], { lens: [["org/acme/user/alice"]] }, false],
  [[["org/acme/user/alice"]], { lens: [["org/acme"]] }, false],
  [[["org/acme/user/alice"]], { lens: [["org/acme/*"]] }, true],
  [[["region/eu", "product/mac"]], { lens: [["region/eu"]] }, true],
  [[["org/acme", "user/alice"]], { subset: [["org/acme"]] }, false],
  [[["org/acme"]], { subset: [["org/acme", "user/alice"]] }, true],
  [[["org/acme", "user/alice"]], { subset: [["user/alice", "org/acme"]] }, true],
  [[["team/a"], ["team/b"]], { reads: ["team/b"] }, true],
  [[["team/b", "clearance/secret"]], { reads: ["team/b"] }, false],
];

interface Said {
  text: string;
  role?: "user" | "assistant" | "tool" | undefined;
  id?: string | undefined;
}

/** One user's words over one engine, with what the contract does not vary left out. */
function createSpeaker(engine: Engine) {
  return {
    say: async (
      scopes: Clauses,
      messages: readonly (string | Said)[],
      extra: {
        sessionId?: string | undefined;
        key?: string | undefined;
        fingerprint?: string | undefined;
        after?: string | null | undefined;
        infer?: "full" | "none" | "preview" | undefined;
        retention?: number | undefined;
      } = {},
    ): Promise<{ sessionId: string; turnIds: string[]; replayed: boolean; text: string }> => {
      const idempotency: IdempotencyRequest | undefined =
        extra.key === undefined
          ? undefined
          : {
              ref: { context: "dev", principal: "p", key: extra.key },
              fingerprint: extra.fingerprint ?? "f",
              retention: extra.retention ?? HOUR,
            };
      const outcome = await engine.remember({
        caller: CALLER,
        idempotency,
        sessionId: extra.sessionId,
        scopes: extra.sessionId === undefined ? scopes : undefined,
        messages: messages.map((message) =>
          typeof message === "string"
            ? { role: "user", content: message }
            : { role: message.role ?? "user", content: message.text, id: message.id },
        ),
        ...("after" in extra ? { after: extra.after } : {}),
        infer: extra.infer ?? "none",
        triples: [],
        diff: "whole_conversation",
        labels: [],
        answer: { kind: "batch" },
      });
      const text = outcome.replayed ? outcome.body : JSON.stringify(outcome.body);
      const body = JSON.parse(text) as { sessionId: string; turnIds: string[] };
      return { ...body, replayed: outcome.replayed, text };
    },

    openSession: async (externalId: string | undefined, scopes: Clauses): Promise<string> => {
      const outcome = await engine.createSession({
        caller: CALLER,
        scopes,
        metadata: {},
        externalId,
      });
      return (outcome.body as { id: string }).id;
    },

    transcript: async (
      id: string,
    ): Promise<{ seq: number; content: string; createdAt: string }[]> => {
      const turns: { seq: number; content: string; createdAt: string }[] = [];
      let cursor: string | undefined;
      do {
        const page = await engine.read("listTurns", { caller: CALLER, id, limit: 500, cursor });
        turns.push(...page.turns);
        cursor = page.page?.nextCursor;
      } while (cursor !== undefined);
      return turns;
    },

    /** Texts of the turns that a read finds. */
    find: async (query: string, clamp: Clamp = {}, asOf?: number): Promise<string[]> => {
      const { hits } = await engine.read("recall", {
        caller: CALLER,
        clamp: { patterns: clamp.reads ?? ["/*"], lens: clamp.lens, subset: clamp.subset },
        query,
        k: 10,
        facts: false,
        passages: true,
        at: engine.now(),
        asOf,
      });
      return hits.map(({ text }) => text);
    },

    believed: async (key: string, clamp: Clamp = {}, asOf?: number): Promise<string[]> => {
      const state = await engine.read("readState", {
        caller: CALLER,
        clamp: { patterns: clamp.reads ?? ["/*"], lens: clamp.lens, subset: clamp.subset },
        at: engine.now(),
        asOf,
        limit: 500,
        corrections: false,
      });
      return [state.identity, state.knowledge, state.context]
        .flatMap((category) => category.attributes)
        .filter((attribute) => attribute.key === key)
        .map(({ value }) => value);
    },
  };
}

/** What every store proves, alone and with several writers at a time. */
export function describeStoreContract(name: string, backend: StoreBackend): void {
  describe(`${name} as a store`, () => {
    let home: StoreHome;
    let stores: Store[];
    let engines: Engine[];
    let now: number;

    const openEngine = async (): Promise<Engine> => {
      const store = await home.open();
      stores.push(store);
      const engine = createEngine({ store, now: () => now });
      engines.push(engine);
      await engine.bootstrap(KEY);
      return engine;
    };
    const first = (): Engine => engines[0] as Engine;
    /** One of the service processes, in turn. */
    const one = (index: number): Engine => engines[index % engines.length] as Engine;

    beforeAll(async () => backend.start?.());
    afterAll(async () => backend.stop?.());
    beforeEach(async () => {
      home = await backend.createHome();
      stores = [];
      engines = [];
      now = Date.UTC(2026, 0, 1);
      await openEngine();
      if (backend.shared) await openEngine();
    });
    afterEach(async () => {
      await Promise.all(engines.map(async (engine) => engine.close()));
      await home.remove();
    });

    test.each(VISIBILITY)(
      "a record in %j read with %j is seen: %s",
      async (record, clamp, kept) => {
        const { say, find, believed } = createSpeaker(first());
        const { sessionId } = await say(record, ["I live in Braga."], { infer: "full" });
        await say([["elsewhere"]], ["I live in Porto."], { infer: "full" });
        const lines = (await find("Where do I live? Braga", clamp)).filter((line) =>
          line.includes("Braga"),
        );
        expect(lines).toHaveLength(kept ? 1 : 0);
        expect(await believed("home_city", clamp)).toEqual(kept ? ["Braga"] : []);
        const { sessions } = await first().read("listSessions", {
          caller: CALLER,
          clamp: { patterns: clamp.reads ?? ["/*"], lens: clamp.lens, subset: clamp.subset },
          limit: 50,
        });
        expect(sessions.map(({ id }) => id)).toEqual(kept ? [sessionId] : []);
      },
    );

    test("a path that only begins like another is another place", async () => {
      const { say, find } = createSpeaker(first());
      await say([["team/a"]], ["alpha fox"]);
      await say([["team/ab"]], ["beta fox"]);
      await say([["team/a/b"]], ["gamma fox"]);
      expect(await find("fox", { lens: [["team/a/*"]] })).toHaveLength(2);
      expect(await find("fox", { reads: ["team/a"] })).toHaveLength(1);
      expect(await find("fox", { reads: ["team/*"] })).toHaveLength(3);
    });

    test("everything acknowledged is there after the store is opened again", async () => {
      const { say } = createSpeaker(first());
      const { sessionId } = await say([["u/a"]], ["I live in Braga.", "My name is Ana."], {
        infer: "full",
        key: "k1",
      });
      await Promise.all(engines.map(async (engine) => engine.close()));
      engines = [];
      const again = createSpeaker(await openEngine());
      expect((await again.transcript(sessionId)).map(({ content }) => content)).toEqual([
        "I live in Braga.",
        "My name is Ana.",
      ]);
      expect(await again.believed("home_city")).toEqual(["Braga"]);
      expect((await again.say([["u/a"]], ["other"], { key: "k1" })).replayed).toBe(true);
    });

    test("a closed store refuses, and says so", async () => {
      const engine = first();
      await engine.close();
      await expect(engine.read("findKey", { context: "dev", name: "k" })).rejects.toMatchObject({
        code: "store_failed",
      });
      engines = engines.filter((item) => item !== engine);
    });

    test("a key is found with its principal's grants, in its own context alone", async () => {
      await first().bootstrap({ ...KEY, context: "other", keyGrants: { "memory:read": ["x"] } });
      expect(await first().read("findKey", { context: "dev", name: "k" })).toMatchObject({
        principal: "p",
        grants: KEY.grants,
        keyGrants: null,
      });
      expect(await first().read("findKey", { context: "other", name: "k" })).toMatchObject({
        keyGrants: { "memory:read": ["x"] },
      });
      expect(await first().read("findKey", { context: "third", name: "k" })).toBeUndefined();
    });

    test("contexts do not see each other", async () => {
      await first().bootstrap({ ...KEY, context: "other" });
      const { say } = createSpeaker(first());
      const { sessionId } = await say([["u/a"]], ["I live in Braga."], { infer: "full" });
      const caller = { ...CALLER, context: "other" };
      await expect(
        first().read("listTurns", { caller, id: sessionId, limit: 10 }),
      ).rejects.toMatchObject({ code: "not_found" });
      const { hits } = await first().read("recall", {
        caller,
        clamp: { patterns: ["/*"] },
        query: "Braga",
        k: 10,
        facts: true,
        passages: true,
        at: now,
      });
      expect(hits).toEqual([]);
    });

    describe("idempotency", () => {
      test("copies of one request at a time have one effect and one answer", async () => {
        const outcomes = await Promise.allSettled(
          Array.from({ length: 12 }, async (_, index) =>
            createSpeaker(one(index)).say([["u/a"]], ["I live in Braga."], {
              key: "same",
              infer: "full",
            }),
          ),
        );
        const answers = outcomes.flatMap((outcome) =>
          outcome.status === "fulfilled" ? outcome.value.text : [],
        );
        const refusals = outcomes.flatMap((outcome) =>
          outcome.status === "rejected" ? (outcome.reason as { code: string }).code : [],
        );
        expect(new Set(answers).size).toBe(1);
        expect(refusals).toEqual(refusals.map(() => "idempotency_in_flight"));
        expect(await createSpeaker(first()).find("Braga")).toHaveLength(1);
      });

      test("a request that fails leaves its key free, and nothing else", async () => {
        const { say, openSession, transcript } = createSpeaker(first());
        const sessionId = await openSession(undefined, [["u/a"]]);
        await expect(
          say([], ["lost"], { sessionId, key: "k", after: "turn_none_9" }),
        ).rejects.toMatchObject({ code: "turn_conflict" });
        expect(await transcript(sessionId)).toEqual([]);
        const second = await say([], ["kept"], { sessionId, key: "k", after: null });
        expect(second.replayed).toBe(false);
        expect(await transcript(sessionId)).toHaveLength(1);
      });

      test("a key that was used for another request is refused", async () => {
        const { say } = createSpeaker(first());
        await say([["u/a"]], ["one"], { key: "k", fingerprint: "1" });
        await expect(say([["u/a"]], ["two"], { key: "k", fingerprint: "2" })).rejects.toMatchObject(
          { code: "idempotency_mismatch" },
        );
      });

      test("an answer is forgotten after its time, and swept", async () => {
        const { say } = createSpeaker(first());
        await say([["u/a"]], ["one"], { key: "k", retention: HOUR });
        await say([["u/a"]], ["two"], { key: "l", retention: 3 * HOUR });
        now += 2 * HOUR;
        const sweep = { retention: { traceAge: 9 * HOUR, traceCount: 100 }, now, limit: 10 };
        expect(await stores[0]?.write("sweep", sweep)).toBe(1);
        expect(await stores[0]?.write("sweep", sweep)).toBe(0);
        expect((await say([["u/a"]], ["one"], { key: "k" })).replayed).toBe(false);
        expect((await say([["u/a"]], ["two"], { key: "l" })).replayed).toBe(true);
      });
    });

    test("traces are bounded in age and number, oldest first", async () => {
      const { say } = createSpeaker(first());
      for (let count = 0; count < 6; count += 1) {
        await say([["u/a"]], [`message ${count}`]);
        now += HOUR;
      }
      const count = async (): Promise<number> =>
        (
          await first().read("listTraces", {
            caller: CALLER,
            clamp: { patterns: ["/*"] },
            limit: 100,
          } as never)
        ).traces.length;
      const before = await count();
      const sweep = (traceAge: number, traceCount: number): Promise<number> | undefined =>
        stores[0]?.write("sweep", { retention: { traceAge, traceCount }, now, limit: 100 });
      expect(await sweep(4.5 * HOUR, 100)).toBe(2);
      expect(await count()).toBe(before - 2);
      expect(await sweep(9 * HOUR, 3)).toBe(1);
      expect(await count()).toBe(before - 3);
    });

    test("a preview answers as if it had stored, and stores nothing", async () => {
      const { say, find, believed } = createSpeaker(first());
      const { text } = await say([["u/a"]], ["I live in Braga."], { infer: "preview" });
      expect(text).toContain("Braga");
      expect(await find("Braga")).toEqual([]);
      expect(await believed("home_city")).toEqual([]);
    });

    test("a revision stands in the place of the first version, with its facts", async () => {
      const { say, transcript, believed, find } = createSpeaker(first());
      const { sessionId } = await say(
        [["u/a"]],
        [{ text: "I live in Braga.", id: "m1" }, "Thanks."],
        {
          infer: "full",
        },
      );
      await say([], [{ text: "I live in Porto.", id: "m1" }], { sessionId, infer: "full" });
      expect((await transcript(sessionId)).map(({ content }) => content)).toEqual([
        "I live in Porto.",
        "Thanks.",
      ]);
      expect(await believed("home_city")).toEqual(["Porto"]);
      expect(await find("Braga")).not.toContainEqual(expect.stringContaining("Braga"));
      const { turns } = await first().read("listTurns", {
        caller: CALLER,
        id: sessionId,
        limit: 10,
        includeRevised: true,
      });
      expect(turns.map(({ content }) => content)).toEqual([
        "I live in Braga.",
        "Thanks.",
        "I live in Porto.",
      ]);
    });

    test("what was believed at an instant can be read later", async () => {
      const { say, believed, find } = createSpeaker(first());
      const before = now;
      now += HOUR;
      const { sessionId } = await say([["u/a"]], ["I live in Braga."], { infer: "full" });
      const early = now;
      now += HOUR;
      await say([], ["I moved to Porto."], { sessionId, infer: "full" });
      expect(await believed("home_city")).toEqual(["Porto"]);
      expect(await believed("home_city", {}, early)).toEqual(["Braga"]);
      expect(await believed("home_city", {}, before)).toEqual([]);
      expect(await find("Braga Porto", {}, early)).toHaveLength(1);
      expect(await find("Braga Porto")).toHaveLength(2);
    });

    test("what is purged is nowhere: not in turns, recall, facts or stored answers", async () => {
      const { say, transcript, find, believed } = createSpeaker(first());
      const { sessionId, turnIds } = await say([["u/a"]], ["I live in Zanzibar.", "Hello."], {
        infer: "full",
        key: "k",
      });
      await first().retract({ caller: CALLER, sessionId, turnId: turnIds[0] ?? "", purge: true });
      expect((await transcript(sessionId)).map(({ content }) => content)).toEqual(["Hello."]);
      expect(await find("Zanzibar")).not.toContainEqual(expect.stringContaining("Zanzibar"));
      expect(await believed("home_city")).toEqual([]);
      const replay = await say([["u/a"]], ["I live in Zanzibar.", "Hello."], { key: "k" });
      expect(replay.replayed).toBe(true);
      expect(replay.text).not.toContain("Zanzibar");
    });

    test("a purge reaches what only withdrawn turns stated, and undoes what it had replaced", async () => {
      const { say, transcript, believed } = createSpeaker(first());
      const at: number[] = [];
      const { sessionId } = await say([["u/a"]], ["I live in Braga."], { infer: "full" });
      for (const words of ["I moved to Zanzibar.", "I moved to Porto."]) {
        now += HOUR;
        const { turnIds } = await say([], [words], { sessionId, infer: "full" });
        if (words.includes("Zanzibar"))
          await first().retract({
            caller: CALLER,
            sessionId,
            turnId: turnIds[0] ?? "",
            purge: false,
          });
        at.push(now);
      }
      now += HOUR;
      await say([], ["I moved to Zanzibar."], { sessionId, infer: "full" });
      at.push(now);
      expect(await believed("home_city")).toEqual(["Zanzibar"]);
      now += HOUR;
      const forgotten = await first().forget({
        caller: CALLER,
        ids: [],
        match: {
          query: "Zanzibar",
          clamp: { patterns: ["/*"], lens: [["u/a"]] },
          threshold: 0.7,
          limit: 10,
        },
        purge: true,
        dryRun: false,
      });
      expect(forgotten.body).toMatchObject({ deleted: 4 });
      expect(await believed("home_city")).toEqual(["Porto"]);
      for (const instant of at)
        expect(await believed("home_city", {}, instant)).not.toContain("Zanzibar");
      expect((await transcript(sessionId)).map(({ content }) => content)).toEqual([
        "I live in Braga.",
        "I moved to Porto.",
      ]);
      const entities = await first().read("listEntities", {
        caller: CALLER,
        clamp: { patterns: ["/*"] },
        at: now,
        limit: 10,
      });
      expect(JSON.stringify(entities)).not.toContain("Zanzibar");
    });

    test("turns in quarantine are listed and never recalled, until they are restored", async () => {
      const { say, find } = createSpeaker(first());
      const { turnIds } = await say([["u/a"]], ["the fox is red", "the fox is grey"]);
      const hold = async (held: boolean): Promise<unknown> =>
        first().holdTurns({ caller: CALLER, ids: [turnIds[0] ?? ""], held });
      await hold(true);
      expect(await find("fox")).toHaveLength(1);
      await hold(false);
      expect(await find("fox")).toHaveLength(2);
    });

    test("the best matches of a scope come first, with rare words before common ones", async () => {
      const { say } = createSpeaker(first());
      await say(
        [["u/a"]],
        ["the red fox", "a red car", "a red house", "a red book", "a green tree", "quince jam"],
      );
      await say([["u/b"]], ["another red fox"]);
      const match = async (query: string, lens: Clauses): Promise<string[]> => {
        const { turns } = await first().read("matchForget", {
          caller: CALLER,
          clamp: { patterns: ["/*"], lens },
          query,
          threshold: 0,
          limit: 3,
          past: false,
          at: now,
        });
        return turns.map((id) => id.slice(id.lastIndexOf("_") + 1));
      };
      expect((await match("red fox", [["u/a"]]))[0]).toBe("1");
      expect(await match("quince", [["u/a"]])).toEqual(["6"]);
      expect(await match("fox", [["u/b"]])).toHaveLength(1);
      expect(await match("fox", [["u/c"]])).toEqual([]);
    });

    test("a scope that is too large to rank whole is searched through the term index", async () => {
      const { say, find } = createSpeaker(first());
      const { sessionId } = await say([["u/a"]], ["My passport number is in the blue drawer."]);
      // more turns than are ranked whole
      for (let batch = 0; batch < 21; batch += 1)
        await say(
          [],
          Array.from({ length: 500 }, (_, index) => `small talk number ${batch * 500 + index}`),
          { sessionId },
        );
      await say([["u/b"]], ["Bob's passport is red."]);
      const [best] = await find("Where is my passport?", { lens: [["u/a"]] });
      expect(best).toContain("blue drawer");
      expect((await find("passport", { lens: [["u/a"]] })).join("\n")).not.toContain("Bob");
      expect(await find("small talk zanzibar", { lens: [["u/a"]] })).toHaveLength(10);
      await say([], ["We shall sail to Zanzibar."], { sessionId });
      const [newest] = await find("small talk zanzibar", { lens: [["u/a"]] });
      expect(newest).toContain("Zanzibar");
    });

    test("ranking takes next to nothing of the caller's thread", async () => {
      const { say, find } = createSpeaker(first());
      const words = Array.from({ length: 60 }, (_, index) => `river${index % 7} garden${index}`);
      for (let batch = 0; batch < 6; batch += 1)
        await say(
          [["u/a"]],
          Array.from({ length: 200 }, (_, index) => `${words[index % 60]} ${batch} and a holiday`),
        );
      const question = words.slice(0, 20).join(" ");
      await find(question);
      const [own, whole] = [process.threadCpuUsage(), process.cpuUsage()];
      for (let count = 0; count < 20; count += 1)
        expect(await find(`${question} ${count}`)).toHaveLength(10);
      const sum = ({ user, system }: NodeJS.CpuUsage): number => user + system;
      const share = sum(process.threadCpuUsage(own)) / sum(process.cpuUsage(whole));
      expect(share).toBeLessThan(0.4);
    });

    describe("several writers", () => {
      test("one session gets positions without gaps, and batches stay whole", async () => {
        const sessionId = await createSpeaker(first()).openSession(undefined, [["u/a"]]);
        await Promise.all(
          Array.from({ length: 40 }, async (_, index) =>
            createSpeaker(one(index)).say([], [`${index} first`, `${index} second`], { sessionId }),
          ),
        );
        const turns = await createSpeaker(first()).transcript(sessionId);
        expect(turns.map(({ seq }) => seq)).toEqual(
          Array.from({ length: 80 }, (_, index) => index + 1),
        );
        for (let index = 0; index < turns.length; index += 2)
          expect(turns[index]?.content.replace("first", "second")).toBe(turns[index + 1]?.content);
      });

      test("every reader sees a session grow at its end alone, and its own writes at once", async () => {
        const sessions = await Promise.all(
          [0, 1].map(async (index) =>
            createSpeaker(first()).openSession(undefined, [[`u/${index}`]]),
          ),
        );
        await Promise.all(
          Array.from({ length: 10 }, async (_, client) => {
            const { say, transcript } = createSpeaker(one(client));
            const seen = new Map(sessions.map((id) => [id, [] as string[]]));
            for (let count = 0; count < 8; count += 1) {
              const id = sessions[(client + count) % 2] ?? "";
              await say([], [`${client}.${count}`], { sessionId: id });
              const read = (await transcript(id)).map(({ content }) => content);
              const before = seen.get(id) ?? [];
              expect(read.slice(0, before.length)).toEqual(before);
              expect(read).toContain(`${client}.${count}`);
              seen.set(id, read);
            }
          }),
        );
        const all = await Promise.all(
          sessions.map(async (id) => createSpeaker(first()).transcript(id)),
        );
        expect(new Set(all.flat().map(({ content }) => content)).size).toBe(80);
        expect(all.flat()).toHaveLength(80);
      });

      test("appends that name the newest turn they know never overwrite each other", async () => {
        const sessionId = await createSpeaker(first()).openSession(undefined, [["u/a"]]);
        const writers = 8;
        const each = 5;
        await Promise.all(
          Array.from({ length: writers }, async (_, writer) => {
            const { say, transcript } = createSpeaker(one(writer));
            for (let done = 0; done < each;) {
              const turns = await transcript(sessionId);
              const value = turns.length + 1;
              const last = turns.at(-1)?.seq;
              const stored = await say([], [`value ${value}`], {
                sessionId,
                after: last === undefined ? null : `turn_${sessionId.slice(5)}_${last}`,
              }).then(
                () => true,
                (error: unknown) => {
                  if ((error as { code?: string }).code !== "turn_conflict") throw error;
                  return false;
                },
              );
              if (stored) done += 1;
            }
          }),
        );
        const turns = await createSpeaker(first()).transcript(sessionId);
        expect(turns.map(({ content }) => content)).toEqual(
          Array.from({ length: writers * each }, (_, index) => `value ${index + 1}`),
        );
      });

      test("changes of one scope have different instants, in the order of their commits", async () => {
        const made = await Promise.all(
          Array.from({ length: 20 }, async (_, index) =>
            createSpeaker(one(index)).say([["u/a"]], [`message ${index}`]),
          ),
        );
        const instants = await Promise.all(
          made.map(
            async ({ sessionId }) =>
              (await createSpeaker(first()).transcript(sessionId))[0]?.createdAt,
          ),
        );
        expect(new Set(instants).size).toBe(20);
      });

      test("sixteen corrections of one fact leave one current value", async () => {
        const cities = Array.from({ length: 16 }, (_, index) => `Town${"abcdefghijklmnop"[index]}`);
        await Promise.all(
          cities.map(async (city, index) =>
            createSpeaker(one(index)).say([["u/a"]], [`I live in ${city}.`], { infer: "full" }),
          ),
        );
        const current = await createSpeaker(first()).believed("home_city");
        expect(current).toHaveLength(1);
        expect(cities).toContain(current[0]);
      });

      test("a hundred calls for one external id get one session, twenty times", async () => {
        for (let round = 0; round < 20; round += 1) {
          const ids = await Promise.all(
            Array.from({ length: 100 }, async (_, index) =>
              createSpeaker(one(index)).openSession(`thread-${round}`, [["u/a"]]),
            ),
          );
          expect(new Set(ids).size).toBe(1);
        }
      });

      test("opposite orders of the same scopes end for all writers", async () => {
        const scopes = [[["u/a"]], [["u/b"]], [["u/c"]]];
        await Promise.all(
          Array.from({ length: 24 }, async (_, index) => {
            const { say } = createSpeaker(one(index));
            const order = index % 2 === 0 ? scopes : scopes.toReversed();
            for (const scope of order) await say(scope, [`message ${index}`]);
          }),
        );
        const { turns } = await first().read("matchForget", {
          caller: CALLER,
          clamp: { patterns: ["/*"] },
          query: "message",
          threshold: 0,
          limit: 100,
          past: false,
          at: now,
        });
        expect(turns).toHaveLength(72);
      });
    });
  });
}
