import type { Caller, Engine } from "@spectron/engine";

/** Newest turns of the session that the text ends with. */
const RECENT_TURNS = 6;

const CHARACTERS_PER_TOKEN = 4;

/**
 * Text for a system prompt: instructions and profile, what was recalled, and the session's newest turns. What is known
 * takes at most half of the budget and what the recalled half leaves free; entries are whole.
 */
export async function renderSessionContext(
  engine: Engine,
  caller: Caller,
  sessionId: string,
  recalled: string,
  options: { maxTokens: number },
): Promise<string> {
  const session = await engine.read("getSession", { caller, id: sessionId });
  const profile = await engine.read("readProfile", {
    caller,
    clamp: { patterns: caller.read, lens: session.scopes },
    at: engine.now(),
  });
  const { turns } = await engine.read("listTurns", {
    caller,
    id: sessionId,
    order: "newest",
    limit: RECENT_TURNS,
  });
  const budget = options.maxTokens * CHARACTERS_PER_TOKEN;
  const room = Math.max(budget / 2, budget - recalled.length);
  const known = [...profile.static, ...profile.preferences, ...profile.dynamic];
  const instructions = cut(
    profile.instructions.map((item) => `- ${item.description}`),
    room,
  );
  return [
    section("Instructions", instructions),
    section(
      "Profile",
      cut(
        known.map((item) => `- ${item.key}: ${item.value}`),
        room - instructions.join("\n").length,
      ),
    ),
    recalled === "" ? "" : `## Recalled\n${recalled}`,
    section(
      "Recent turns",
      turns.toReversed().map((turn) => `${turn.role}: ${turn.content}`),
    ),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `## ${title}\n${lines.join("\n")}`;
}

/** Whole lines, in order, as long as they fit. */
function cut(lines: readonly string[], room: number): string[] {
  const kept: string[] = [];
  let used = 0;
  for (const line of lines) {
    used += line.length + 1;
    if (used > room) break;
    kept.push(line);
  }
  return kept;
}
