import { startTestService } from "@spectron/testing";
import type { TestService } from "@spectron/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

const BOB = [["org/acme/user/bob"]];

interface Hit {
  id: string;
  text: string;
  source: string;
  score: number;
}

let clock = Date.parse("2026-06-01T09:00:00Z");
let service: TestService;
/** Every test is a user of its own. */
let users = 0;
let mine: string[][];

beforeAll(async () => {
  service = await startTestService({ now: () => clock });
});
beforeEach(() => {
  users += 1;
  mine = [[`org/acme/user/u${users}`]];
});
afterAll(async () => {
  await service.stop();
});

async function say(contents: string[], options: { scopes?: string[][] } = {}): Promise<string[]> {
  clock += 60_000;
  const { turnIds } = await service.spectron.facts.batch({
    scopes: options.scopes ?? mine,
    messages: contents.map((content) => ({
      role: "user",
      content,
    })),
  });
  return turnIds;
}

async function ask(
  query: string,
  more: Record<string, unknown> = {},
  status = 200,
): Promise<Hit[]> {
  const response = await service.call("POST", "/api/v1/dev/query", {
    query,
    lens: mine,
    ...more,
  });
  expect(response.status).toBe(status);
  return ((await response.json()) as { hits?: Hit[] }).hits ?? [];
}
const texts = async (query: string, more: Record<string, unknown> = {}): Promise<string[]> =>
  (await ask(query, { include: ["passages"], ...more })).map(({ text }) => text);

describe("what is kept between questions", () => {
  test("follows writes, retractions and other scopes", async () => {
    await say(["The spare key is under the blue pot."]);
    await say(["Bob keeps a spare key too."], { scopes: BOB });
    expect(await texts("Where is the spare key?")).toEqual([
      "[1 June 2026] user: The spare key is under the blue pot.",
    ]);
    const [second = ""] = await say(["Another spare key hangs in the shed."]);
    expect(await texts("Where is the spare key?")).toHaveLength(2);
    const bare = second.replace(/^turn_/, "sess_").replace(/_\d+$/, "");
    const gone = await service.call("DELETE", `/api/v1/dev/sessions/${bare}/turns/${second}`);
    expect(gone.status).toBe(204);
    expect(await texts("Where is the spare key?")).toEqual([
      "[1 June 2026] user: The spare key is under the blue pot.",
    ]);
  });

  test("follows an edit, and forgets what was purged", async () => {
    const { id } = await service.spectron.sessions.create({ scopes: mine });
    const tell = async (content: string): Promise<string> => {
      const { turnIds } = await service.spectron.facts.batch({
        session_id: id,
        scopes: mine,
        messages: [{ role: "user", content, id: "m1" }],
      });
      return turnIds[0] ?? "";
    };
    await tell("The spare key is under the blue pot.");
    expect(await texts("Where is the spare key?")).toHaveLength(1);
    const edited = await tell("The spare key is under the green pot.");
    expect(await texts("Where is the spare key?")).toEqual([
      "[1 June 2026] user: The spare key is under the green pot.",
    ]);
    await service.call("DELETE", `/api/v1/dev/sessions/${id}/turns/${edited}?purge=true`);
    expect(await texts("Where is the spare key?")).toEqual([]);
  });

  test("shows the past as it was", async () => {
    await say(["The spare key is under the blue pot."]);
    const then = new Date(clock).toISOString();
    await say(["The spare key hangs in the shed."]);
    expect(await texts("Where is the spare key?", { asOf: then })).toHaveLength(1);
    expect(await texts("Where is the spare key?")).toHaveLength(2);
  });

  test("labels narrow", async () => {
    await service.spectron.facts.batch({
      scopes: mine,
      labels: ["home"],
      messages: [{ role: "user", content: "The spare key is under the blue pot." }],
    });
    await say(["The spare key hangs in the shed."]);
    expect(await texts("spare key", { labels: ["home"] })).toEqual([
      "[1 June 2026] user: The spare key is under the blue pot.",
    ]);
    expect(await texts("spare key", { labels: ["home", "work"] })).toEqual([]);
  });
});

describe("modes", () => {
  test("graph follows a fact to the turn that states it", async () => {
    await say(["I live in Porto."]);
    await say(["My cousin paints harbours."]);
    const hits = await ask("Which city is home?", { mode: "graph" });
    expect(hits.map(({ source }) => source)).toEqual(["attribute", "turn"]);
    expect(hits[1]?.text).toContain("I live in Porto.");
  });

  test("vector without an embedder is refused with a typed answer", async () => {
    expect(await ask("tea", { mode: "vector" }, 501)).toEqual([]);
  });
});

describe("what has been replaced", () => {
  test("stands below its successor and is marked, in hits and in context", async () => {
    await say(["I live in Porto, in an old house."]);
    await say(["I moved to Lisbon."]);
    const [first = "", second = ""] = await texts("Where did I live?");
    expect(first).toContain("I moved to Lisbon");
    expect(second).toContain("I live in Porto, in an old house. (no longer so)");
    const response = await service.call("POST", "/api/v1/dev/context", {
      query: "Where did I live?",
      lens: mine,
    });
    const { context } = (await response.json()) as { context: string };
    expect(context.split("\n")).toEqual([
      "- user home_city: Lisbon",
      expect.stringContaining("I moved to Lisbon"),
      expect.stringContaining("(no longer so)"),
    ]);
  });
});

test("the context of a session gives what is known at most half, and keeps entries whole", async () => {
  const session = await service.spectron.sessions.create({ scopes: mine });
  const likes = ["chess", "rowing", "pottery", "opera", "baking", "sailing", "poetry", "jazz"];
  await say(likes.map((thing) => `I love ${thing}.`));
  await say(Array.from({ length: 30 }, (_, at) => `Note ${at}: the lighthouse was open today.`));
  const response = await service.call("POST", `/api/v1/dev/sessions/${session.id}/context`, {
    query: "When was the lighthouse open?",
    maxTokens: 40,
  });
  const { context } = (await response.json()) as { context: string };
  const [profile = "", recalled = ""] = context.split("\n\n");
  const known = profile.split("\n").slice(1);
  expect(known.length).toBeGreaterThan(2);
  expect(known.length).toBeLessThan(likes.length);
  for (const line of known) expect(line).toMatch(/^- likes: [a-z]+$/u);
  const lines = recalled.split("\n").slice(1);
  expect(lines).toHaveLength(1);
  expect([...known, ...lines].join("\n").length).toBeLessThanOrEqual(160);
  for (const line of lines) expect(line).toMatch(/lighthouse was open today[^.]*\.$/u);
});

test("a trace tells why each hit stands where it stands, and holds no words", async () => {
  const [turn = ""] = await say(["The spare key is under the blue pot."]);
  const response = await service.call("POST", "/api/v1/dev/query", {
    query: "Where is the spare key?",
    lens: mine,
    include: ["passages"],
  });
  const { trace } = (await response.json()) as { trace: { traceId: string } };
  // the trace is written behind the answer, and a write waits for what was queued before it
  await say(["Fine."]);
  const read = await service.call("GET", `/api/v1/dev/traces/${trace.traceId}`);
  const detail = (await read.json()) as { returned: unknown[] };
  expect(read.status).toBe(200);
  expect(detail.returned).toMatchObject([
    { id: turn, rank: 1, signals: { window: expect.any(Number) as number } },
  ]);
  expect(JSON.stringify(detail)).not.toMatch(/spare|key|pot/u);
});

const CONVERSATIONS: { language: string; turns: string[]; questions: [string, number][] }[] = [
  {
    language: "Chinese",
    turns: [
      "我上个月搬到了杭州,住在西湖边上。",
      "我的妹妹在一家医院当护士。",
      "周末我喜欢和朋友一起打羽毛球。",
      "我对花生过敏,吃了会起疹子。",
    ],
    questions: [
      ["我住在哪里,是杭州吗?", 0],
      ["谁在医院工作?", 1],
      ["我对什么食物过敏?", 3],
    ],
  },
  {
    language: "Arabic",
    turns: [
      "انتقلت الشهر الماضي إلى الإسكندرية وأسكن قرب البحر.",
      "أختي تعمل ممرضة في مستشفى كبير.",
      "أحب لعب كرة القدم مع الأصدقاء في نهاية الأسبوع.",
      "عندي حساسية من الفول السوداني.",
    ],
    questions: [
      ["من يعمل في المستشفى؟", 1],
      ["متى ألعب الكرة مع أصدقائي؟", 2],
      ["هل عندي حساسية؟", 3],
    ],
  },
  {
    language: "German",
    turns: [
      "Letzten Monat bin ich nach Freiburg gezogen und wohne jetzt am Bahnhof.",
      "Meine Schwester arbeitet als Pflegerin in einem großen Krankenhaus.",
      "Am Wochenende spiele ich gern Schach mit Freunden.",
      "Ich vertrage keine Erdnüsse, davon bekomme ich Ausschlag.",
    ],
    questions: [
      ["Wo wohnte ich zuletzt?", 0],
      ["Wer arbeitete im Krankenhaus?", 1],
      ["Welches Spiel spielen wir mit dem Freund?", 2],
      ["Vertrage ich eine Erdnuss?", 3],
    ],
  },
];

describe.each(CONVERSATIONS)("a conversation in $language", ({ turns, questions }) => {
  test("answers its questions", async () => {
    await say(turns);
    const found: string[] = [];
    for (const [question] of questions) found.push((await texts(question))[0] ?? "");
    expect(found).toEqual(
      questions.map(([, wanted]) => expect.stringContaining(turns[wanted] ?? "") as string),
    );
  });
});
