import type { EmbeddedOptions } from "@spectron/server";
import { embedded } from "@spectron/server";
import { startTestService } from "@spectron/testing";
import type { TestService } from "@spectron/testing";
import { afterEach, describe, expect, test } from "vitest";

type Embedder = NonNullable<EmbeddedOptions["embedder"]>;
type Progress = Parameters<NonNullable<EmbeddedOptions["onEmbedding"]>>[0];

const ALICE = [["org/acme/user/alice"]];
/** Meanings by the words that stand for them: what a model would know, without a model. */
const MEANINGS = [
  /tea|oolong|sencha|drink/iu,
  /harbour|boat|sea|sail/iu,
  /dog|puppy|leash|terrier/iu,
];

function createEmbedder(name = "meanings"): Embedder & { asked: string[]; isBroken: boolean } {
  const embedder = {
    name,
    dimensions: MEANINGS.length,
    asked: [] as string[],
    isBroken: false,
    embed: async (texts: readonly string[]) => {
      if (embedder.isBroken) throw new Error("The model is away.");
      embedder.asked.push(...texts);
      return texts.map((text) => MEANINGS.map((meaning) => (meaning.test(text) ? 1 : 0)));
    },
  };
  return embedder;
}

let service: TestService | undefined;
afterEach(async () => {
  await service?.stop();
  service = undefined;
});

async function say(to: TestService, contents: string[]): Promise<string[]> {
  const { turnIds } = await to.spectron.facts.batch({
    scopes: ALICE,
    messages: contents.map((content) => ({ role: "user", content })),
  });
  return turnIds;
}

async function ask(
  to: Pick<TestService, "call">,
  query: string,
  mode = "hybrid",
): Promise<string[]> {
  const response = await to.call("POST", "/api/v1/dev/query", {
    query,
    mode,
    lens: ALICE,
    include: ["passages"],
  });
  const { hits } = (await response.json()) as { hits?: { text: string }[] };
  return (hits ?? []).map(({ text }) => text.replace(/^\[[^\]]*\] user: /u, ""));
}

/** Starts the service; `embedded(n)` settles once n turns have a vector. */
async function start(
  embedder: Embedder,
): Promise<{ to: TestService; embedded: (count: number) => Promise<void> }> {
  const seen: Progress[] = [];
  let wake = (): void => undefined;
  const to = await startTestService({
    embedder,
    onEmbedding: (progress) => {
      seen.push(progress);
      wake();
    },
  });
  service = to;
  return {
    to,
    async embedded(count) {
      while (!seen.some((progress) => progress.embedded >= count))
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    },
  };
}

const TURNS = ["Sencha in the morning.", "We sail on Sundays.", "The terrier chews shoes."];

describe("an embedder", () => {
  test("finds what shares no word with the question, alone and joined with words", async () => {
    const { to, embedded: reached } = await start(createEmbedder());
    await say(to, TURNS);
    await reached(3);
    expect(await ask(to, "What do I drink?", "vector")).toEqual(["Sencha in the morning."]);
    expect((await ask(to, "Which puppy?"))[0]).toBe("The terrier chews shoes.");
    expect(await ask(to, "Which puppy?", "bm25")).toEqual([]);
  });

  test("sees nothing of other scopes", async () => {
    const { to, embedded: reached } = await start(createEmbedder());
    await to.spectron.facts.batch({
      scopes: [["org/acme/user/bob"]],
      messages: [{ role: "user", content: "Sencha in the morning." }],
    });
    await reached(1);
    expect(await ask(to, "What do I drink?", "vector")).toEqual([]);
  });

  test("that fails leaves hybrid to words, and mode vector answers with the cause", async () => {
    const embedder = createEmbedder();
    const { to } = await start(embedder);
    embedder.isBroken = true;
    await say(to, TURNS);
    expect((await ask(to, "Who can sail?"))[0]).toBe("We sail on Sundays.");
    const refused = await to.call("POST", "/api/v1/dev/query", { query: "tea", mode: "vector" });
    expect(refused.status).toBe(502);
    expect(await refused.json()).toMatchObject({ code: "embedder_failed" });
  });

  test("has no vector of what was forgotten for good", async () => {
    const { to, embedded: reached } = await start(createEmbedder());
    const [turn = ""] = await say(to, TURNS);
    await reached(3);
    const session = turn.replace(/^turn_/u, "sess_").replace(/_\d+$/u, "");
    await to.call("DELETE", `/api/v1/dev/sessions/${session}/turns/${turn}?purge=true`);
    expect(await ask(to, "What do I drink?", "vector")).toEqual([]);
  });

  test("of another name makes all vectors anew, in the background, and tells how far it is", async () => {
    const { to, embedded: reached } = await start(createEmbedder("first"));
    await say(to, TURNS);
    await reached(3);
    await to.service.close();
    const second = createEmbedder("second");
    const progress: Progress[] = [];
    let done = (): void => undefined;
    const whole = new Promise<void>((resolve) => {
      done = resolve;
    });
    const again = await embedded({
      path: to.path,
      context: "dev",
      embedder: second,
      onEmbedding: (step) => {
        progress.push(step);
        if (step.embedded === step.total) done();
      },
    });
    const call: TestService["call"] = async (method, path, body) =>
      again.fetch(`${again.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${again.apiKey}` },
        body: JSON.stringify(body),
      });
    // the first question starts the work and is answered by words
    expect((await ask({ call }, "Who can sail?"))[0]).toBe("We sail on Sundays.");
    await whole;
    expect(progress.map(({ embedded: count, total }) => [count, total])).toEqual([
      [0, 3],
      [3, 3],
    ]);
    expect(progress[0]?.model).toBe("second/3");
    expect(
      second.asked.filter((text) => TURNS.includes(text)).toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(TURNS.toSorted((a, b) => a.localeCompare(b)));
    expect(await ask({ call }, "What do I drink?", "vector")).toEqual(["Sencha in the morning."]);
    await again.close();
  });
});
