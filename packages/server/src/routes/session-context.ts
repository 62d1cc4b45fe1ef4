import type { Caller, Engine } from "@spectron/engine";

/** Newest turns of the session that the text ends with. */
const RECENT_TURNS = 6;

/** Text for a system prompt: instructions, profile, what was recalled, and the session's newest turns. */
export async function renderSessionContext(
  engine: Engine,
  caller: Caller,
  sessionId: string,
  recalled: string,
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
  const known = [...profile.static, ...profile.preferences, ...profile.dynamic];
  return [
    section(
      "Instructions",
      profile.instructions.map((item) => `- ${item.description}`),
    ),
    section(
      "Profile",
      known.map((item) => `- ${item.key}: ${item.value}`),
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
