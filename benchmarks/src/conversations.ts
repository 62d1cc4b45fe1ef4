import { readFileSync } from "node:fs";

export interface Turn {
  id: string;
  who: string;
  text: string;
  /** RFC 3339. */
  ts: string;
}

export interface Question {
  text: string;
  kind: string;
  /** Absent where there is no answer. */
  answer?: string | undefined;
  /** Ids of the turns that the answer rests on. */
  evidence: string[];
}

export interface Conversation {
  id: string;
  sessions: { id: string; turns: Turn[] }[];
  questions: Question[];
}

/**
 * Reads conversations with questions: JSON Lines of `{"t":"conv","id","who","sessions":[{"id","ts","turns":[{"id","who",
 * "text","ts"}]}]}` and `{"t":"qa","conv","q","cat","a","ev"}`, or a LoCoMo release file (`locomo10.json`).
 */
export function readConversations(path: string): Conversation[] {
  const text = readFileSync(path, "utf8");
  return text.trimStart().startsWith("[")
    ? (JSON.parse(text) as Sample[]).map(fromSample)
    : fromLines(text);
}

type Line =
  | {
      t: "conv";
      id: string;
      sessions: { id: string; turns: (Turn & { img?: string })[] }[];
    }
  | { t: "qa"; conv: string; q: string; cat: string; a?: string | number; ev: string[] };

function fromLines(text: string): Conversation[] {
  const byId = new Map<string, Conversation>();
  for (const row of text.split("\n").filter((line) => line.trim() !== "")) {
    const line = JSON.parse(row) as Line;
    if (line.t === "conv") {
      const sessions = line.sessions.map(({ id, turns }) => ({
        id,
        turns: turns.map((turn) => ({ ...turn, text: withPicture(turn.text, turn.img) })),
      }));
      byId.set(line.id, { id: line.id, sessions, questions: [] });
    } else {
      byId.get(line.conv)?.questions.push({
        text: line.q,
        kind: line.cat,
        ...(line.a === undefined ? {} : { answer: String(line.a) }),
        evidence: line.ev,
      });
    }
  }
  return [...byId.values()];
}

/** One conversation of a LoCoMo release. */
interface Sample {
  sample_id: string;
  conversation: Record<string, unknown>;
  qa: {
    question: string;
    answer?: string | number;
    evidence?: string[];
    category: number;
  }[];
}

const KINDS: readonly string[] = [
  "multi-hop",
  "temporal",
  "open-domain",
  "single-hop",
  "adversarial",
];
const TURN_GAP_MS = 30_000;

function fromSample({ sample_id: id, conversation, qa }: Sample): Conversation {
  const sessions = Object.entries(conversation)
    .filter(([name, value]) => /^session_\d+$/u.test(name) && Array.isArray(value))
    .map(([name, value]) => {
      const began = readDate(String(conversation[`${name}_date_time`]));
      const turns = value as {
        dia_id: string;
        speaker: string;
        text: string;
        blip_caption?: string;
      }[];
      return {
        id: name,
        turns: turns.map((turn, at) => ({
          id: turn.dia_id,
          who: turn.speaker,
          text: withPicture(turn.text, turn.blip_caption),
          ts: new Date(began + at * TURN_GAP_MS).toISOString(),
        })),
      };
    });
  const known = new Set(sessions.flatMap(({ turns }) => turns.map((turn) => turn.id)));
  return {
    id,
    sessions,
    questions: qa
      .map(({ question, answer, evidence = [], category }) => ({
        text: question,
        kind: KINDS[category - 1] ?? String(category),
        ...(answer === undefined ? {} : { answer: String(answer) }),
        evidence: evidence.filter((turn) => known.has(turn)),
      }))
      .filter((item) => item.evidence.length > 0),
  };
}

/** "1:56 pm on 8 May, 2023", in UTC. */
function readDate(text: string): number {
  const match = /^(\d+):(\d+) (am|pm) on (\d+) (\w+), (\d+)$/u.exec(text.trim());
  if (match === null) return 0;
  const [, hour = "", minute = "", half = "", day = "", month = "", year = ""] = match;
  const hours = (Number(hour) % 12) + (half === "pm" ? 12 : 0);
  return Date.parse(`${day} ${month} ${year} ${String(hours).padStart(2, "0")}:${minute}:00 UTC`);
}

function withPicture(text: string, caption: string | undefined): string {
  return caption === undefined ? text : `${text} [shares ${caption}]`;
}
