import type {
  ReadOptions,
  Spectron,
  SessionsResponse,
  TurnResponse,
  TurnsResponse,
} from "@spectron/core";

type Query = Record<string, string | undefined>;

/** Turns of a session. */
export async function listTurns(
  spectron: Spectron,
  session: string,
  query: Query,
  options: ReadOptions = {},
): Promise<TurnsResponse> {
  const path = at(spectron, `sessions/${encodeURIComponent(session)}/turns`);
  return spectron.send<TurnsResponse>({ method: "GET", path, query, ...options });
}

export async function getTurn(
  spectron: Spectron,
  session: string,
  turn: string,
): Promise<TurnResponse> {
  const path = `sessions/${encodeURIComponent(session)}/turns/${encodeURIComponent(turn)}`;
  return spectron.send<TurnResponse>({
    method: "GET",
    path: at(spectron, path),
    query: { parts: "true" },
  });
}

export async function listSessions(spectron: Spectron, query: Query): Promise<SessionsResponse> {
  return spectron.send<SessionsResponse>({ method: "GET", path: at(spectron, "sessions"), query });
}

/** Takes a turn out of the conversation and out of memory. */
export async function retractTurn(
  spectron: Spectron,
  session: string,
  turn: string,
): Promise<void> {
  const path = `sessions/${encodeURIComponent(session)}/turns/${encodeURIComponent(turn)}`;
  await spectron.send({ method: "DELETE", path: at(spectron, path) });
}

function at(spectron: Spectron, path: string): string {
  return `${encodeURIComponent(spectron.context)}/${path}`;
}
