import { createHash } from "node:crypto";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { ScopeSets } from "@spectron/core/protocol";
import { clampPaths, isUnclamped, isVisible } from "../../model/clamp.ts";
import { turnKey } from "../../model/records.ts";
import type { IdempotencyRef, KeyRecord, Reader, StoredAnswer, VisibleSets } from "../store.ts";
import { toEntity, toFact, toSession, toTurn } from "./rows.ts";
import type { Row } from "./rows.ts";

const TURN = `SELECT turn.*, session.id AS session_id FROM turn JOIN session ON session.key = turn.key >> 22`;
const SESSION = `SELECT session.*, scope_set.clauses FROM session JOIN scope_set ON scope_set.key = session.scope_set`;

/** Prepared statements by their text; texts are constants, so the cache stays small. */
export interface Statements {
  all(sql: string, ...values: SQLInputValue[]): Row[];
  get(sql: string, ...values: SQLInputValue[]): Row | undefined;
  run(sql: string, ...values: SQLInputValue[]): number;
}

export function createStatements(database: DatabaseSync): Statements {
  const prepared = new Map<string, StatementSync>();
  const statement = (sql: string): StatementSync => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const made = database.prepare(sql);
    prepared.set(sql, made);
    return made;
  };
  return {
    all: (sql, ...values) => statement(sql).all(...values),
    get: (sql, ...values) => statement(sql).get(...values),
    run: (sql, ...values) => Number(statement(sql).run(...values).lastInsertRowid),
  };
}

/** A key may be guessed, its owner not: the stored reference covers context, principal and key. */
export function answerRef(ref: IdempotencyRef): Buffer {
  return createHash("sha256")
    .update(JSON.stringify([ref.context, ref.principal, ref.key]))
    .digest()
    .subarray(0, 16);
}

/** `json_each` over the named sets, so that a statement's text does not depend on their number. */
function setFilter(column: string, sets: VisibleSets): { sql: string; value: string } {
  return sets === "all"
    ? { sql: "?", value: "1" }
    : { sql: `${column} IN (SELECT value FROM json_each(?))`, value: JSON.stringify(sets) };
}

export function createReader(db: Statements): Reader {
  return {
    contextKey: (name) => db.get("SELECT key FROM context WHERE name = ?", name)?.["key"] as number,

    key(context, name) {
      const row = db.get(
        `SELECT api_key.*, api_key.grants AS key_grants, principal.grants, principal.display_name, principal.kind,
           context.secret
         FROM api_key JOIN context ON context.key = api_key.context
         JOIN principal ON principal.context = api_key.context AND principal.id = api_key.principal
         WHERE context.name = ? AND api_key.name = ?`,
        context,
        name,
      );
      if (row === undefined) return undefined;
      const keyGrants = row["key_grants"] as string | null;
      return {
        context,
        principal: row["principal"] as string,
        name,
        hash: row["hash"] as string,
        displayName: row["display_name"] as string,
        principalKind: row["kind"] as string,
        grants: JSON.parse(row["grants"] as string) as KeyRecord["grants"],
        keyGrants: keyGrants === null ? null : (JSON.parse(keyGrants) as KeyRecord["grants"]),
        expiresAt: row["expires_at"] as number | null,
        contextSecret: row["secret"] as string,
      };
    },

    answer(ref) {
      const row = db.get("SELECT * FROM answer WHERE ref = ?", answerRef(ref));
      if (row === undefined) return undefined;
      return {
        fingerprint: row["fingerprint"] as string,
        status: row["status"] as number,
        body: row["body"] as string,
        createdAt: row["created_at"] as number,
        expiresAt: row["expires_at"] as number,
      } satisfies StoredAnswer;
    },

    session(context, id) {
      const row = db.get(`${SESSION} WHERE session.id = ? AND session.context = ?`, id, context);
      return row === undefined ? undefined : toSession(row);
    },

    sessionByExternalId(context, principal, externalId) {
      const row = db.get(
        `${SESSION} WHERE session.context = ? AND session.principal = ? AND session.external_id = ?`,
        context,
        principal,
        externalId,
      );
      return row === undefined ? undefined : toSession(row);
    },

    scopeSet: (id) =>
      JSON.parse(
        db.get("SELECT clauses FROM scope_set WHERE key = ?", id)?.["clauses"] as string,
      ) as ScopeSets,

    visibleSets(context, clamp) {
      if (isUnclamped(clamp)) return "all";
      const paths = clampPaths(clamp);
      const found = new Map<number, ScopeSets>();
      const add = (rows: Row[]): void => {
        for (const row of rows)
          found.set(row["key"] as number, JSON.parse(row["clauses"] as string) as ScopeSets);
      };
      add(
        db.all(
          `SELECT scope_set.key, scope_set.clauses FROM scope_path JOIN scope_set ON scope_set.key = scope_path.scope_set
           WHERE scope_path.context = ? AND scope_path.path IN (SELECT value FROM json_each(?))`,
          context,
          JSON.stringify(paths.exact),
        ),
      );
      for (const root of paths.below)
        add(
          root === "/"
            ? db.all("SELECT key, clauses FROM scope_set WHERE context = ?", context)
            : db.all(
                `SELECT scope_set.key, scope_set.clauses FROM scope_path JOIN scope_set ON scope_set.key = scope_path.scope_set
                 WHERE scope_path.context = ? AND scope_path.path > ? AND scope_path.path < ?`,
                context,
                `${root}/`,
                `${root}0`,
              ),
        );
      return [...found]
        .filter(([, clauses]) => isVisible(clauses, clamp))
        .map(([key]) => key)
        .toSorted((a, b) => a - b);
    },

    turns: (filter) =>
      db
        .all(
          `${TURN} WHERE turn.key > ? AND turn.key < ? ORDER BY turn.key LIMIT ?`,
          turnKey(filter.session, filter.afterSeq ?? 0),
          turnKey(filter.session + 1, 0),
          filter.limit,
        )
        .map(toTurn),

    turnsByKey: (keys) =>
      db
        .all(
          `${TURN} WHERE turn.key IN (SELECT value FROM json_each(?)) ORDER BY turn.key`,
          JSON.stringify(keys),
        )
        .map(toTurn),

    turnByClientId(session, clientId) {
      const row = db.get(
        `${TURN} WHERE turn.key >> 22 = ? AND turn.client_id = ?`,
        session,
        clientId,
      );
      return row === undefined ? undefined : toTurn(row);
    },

    countTurns(context, sets, atMost) {
      const filter = setFilter("scope_set", sets);
      return db.get(
        `SELECT count(*) AS n FROM (SELECT 1 FROM turn WHERE context = ? AND ${filter.sql} LIMIT ?)`,
        context,
        filter.value,
        atMost,
      )?.["n"] as number;
    },

    visibleTurns(context, sets, limit) {
      // the unary plus keeps the planner on the scope index instead of a walk over all turns
      const filter = setFilter("turn.scope_set", sets);
      return db
        .all(
          `${TURN} WHERE turn.context = ? AND ${filter.sql} ORDER BY ${sets === "all" ? "" : "+"}turn.key DESC LIMIT ?`,
          context,
          filter.value,
          limit,
        )
        .map(toTurn);
    },

    matchTurns: (context, sets, terms, limit) => matchTurns(db, context, sets, terms, limit),

    facts(context, filter) {
      const sets = setFilter("scope_set", filter.sets);
      const known =
        filter.asOf === undefined
          ? { sql: "known_to IS NULL", values: [] }
          : {
              sql: "known_from <= ? AND (known_to IS NULL OR known_to > ?)",
              values: [filter.asOf, filter.asOf],
            };
      return db
        .all(
          `SELECT * FROM fact WHERE context = ? AND ${sets.sql} AND ${known.sql}
           AND (? OR valid_to IS NULL OR valid_to > ?)
           AND (? IS NULL OR kind IN (SELECT value FROM json_each(?)))
           AND (? IS NULL OR entity = ?) AND (? IS NULL OR key = ?)
           ORDER BY created_at DESC, row DESC LIMIT ?`,
          context,
          sets.value,
          ...known.values,
          filter.includeEnded === true ? 1 : 0,
          filter.at,
          ...twice(filter.kinds === undefined ? null : JSON.stringify(filter.kinds)),
          ...twice(filter.entity ?? null),
          ...twice(filter.key ?? null),
          filter.limit,
        )
        .map(toFact);
    },

    entities: (keys) =>
      db
        .all(
          "SELECT * FROM entity WHERE key IN (SELECT value FROM json_each(?))",
          JSON.stringify(keys),
        )
        .map(toEntity),

    sessionIds: (keys) =>
      new Map(
        db
          .all(
            "SELECT key, id FROM session WHERE key IN (SELECT value FROM json_each(?))",
            JSON.stringify(keys),
          )
          .map((row) => [row["key"] as number, row["id"] as string]),
      ),
  };
}

function twice(value: SQLInputValue): [SQLInputValue, SQLInputValue] {
  return [value, value];
}

/** Many sets cost more as index terms than as a filter afterwards. */
const MOST_SETS_IN_INDEX = 256;

function matchTurns(
  db: Statements,
  context: number,
  sets: VisibleSets,
  terms: readonly string[],
  limit: number,
): { turns: ReturnType<typeof toTurn>[]; documentFrequency: Map<string, number> } {
  const quoted = terms.map((term) => `"${term.replaceAll('"', "")}"`);
  const named = sets !== "all" && sets.length <= MOST_SETS_IN_INDEX;
  const tokens = named ? sets.map((set) => `s${set}`) : [`c${context}`];
  const scope = `scope : (${tokens.join(" OR ")})`;
  const documentFrequency = new Map<string, number>();
  terms.forEach((term, index) => {
    const row = db.get(
      "SELECT count(*) AS n FROM turn_index WHERE turn_index MATCH ?",
      `${scope} AND terms : (${quoted[index]})`,
    );
    documentFrequency.set(term, (row?.["n"] as number | undefined) ?? 0);
  });
  const filter = setFilter("turn.scope_set", sets);
  // bm25 weighs the scope column with 0: it selects, it does not rank
  const turns = db
    .all(
      `SELECT turn.*, session.id AS session_id FROM
         (SELECT rowid AS key, bm25(turn_index, 0, 1) AS rank FROM turn_index WHERE turn_index MATCH ?) AS hit
       JOIN turn ON turn.key = hit.key JOIN session ON session.key = turn.key >> 22
       WHERE ${filter.sql} ORDER BY hit.rank, turn.key LIMIT ?`,
      `${scope} AND terms : (${quoted.join(" OR ")})`,
      filter.value,
      limit,
    )
    .map(toTurn);
  return { turns, documentFrequency };
}
