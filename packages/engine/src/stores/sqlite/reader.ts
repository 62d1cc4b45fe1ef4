import type { ScopeSets } from "@spectron/core/protocol";
import { EngineError, damaged } from "../../model/errors.ts";
import { clampPaths, isUnclamped, isVisible } from "../../model/clamp.ts";
import type { Reader } from "../store.ts";
import { toAnswer, toClauses, toSession } from "./checked-rows.ts";
import { createFactReader } from "./fact-reader.ts";
import { answerRef, toKey, toTrace } from "../rows.ts";
import type { Row } from "../rows.ts";
import { requireWhole } from "./require-whole.ts";
import { SESSION, sessionIds } from "./session-ids.ts";
import { setFilter, twice } from "./statements.ts";
import type { Statements } from "./statements.ts";
import { createTurnReader } from "./turn-reader.ts";
import { createVectorReader } from "./vector-store.ts";

export function createReader(db: Statements): Reader {
  return {
    ...createTurnReader(db),
    ...createVectorReader(db),
    ...createFactReader(db),

    contextKey(name) {
      const row = db.get("SELECT key FROM context WHERE name = ?", name);
      if (row !== undefined) return row["key"] as number;
      // contexts are few, so that one is absent is made sure of
      if (db.get("SELECT key FROM context NOT INDEXED WHERE name = ?", name) !== undefined)
        throw damaged("an entry of the index of contexts is wrong");
      return undefined;
    },

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
      return row === undefined ? undefined : toKey(context, row);
    },

    newestInstant: () =>
      db.get(
        `SELECT max(
             coalesce((SELECT max(value) FROM setting WHERE context = 0 AND name IN ('kept_at', 'swept_at')), 0),
             coalesce((SELECT max((SELECT max(at) FROM trace WHERE trace.context = context.key)) FROM context), 0)
           ) AS at`,
      )?.["at"] as number,

    answer(ref) {
      const row = db.get("SELECT * FROM answer WHERE ref = ?", answerRef(ref));
      return row === undefined ? undefined : toAnswer(row);
    },

    session(context, id) {
      const row = db.get(`${SESSION} WHERE session.id = ?`, id);
      if (row === undefined) requireIntactIds(db, id);
      const session = row === undefined ? undefined : toSession(row);
      return row?.["context"] === context ? session : undefined;
    },

    sessionByExternalId(context, principal, externalId) {
      const row = db.get(
        `${SESSION} WHERE session.context = ? AND session.principal = ? AND session.external_id = ?
         AND session.status = 'open'`,
        context,
        principal,
        externalId,
      );
      return row === undefined ? undefined : toSession(row);
    },

    sessions(context, filter) {
      const sets = setFilter("session.scope_set", filter.sets);
      requireWhole(
        db,
        context,
        filter.sets,
        "sessions",
        () =>
          db.get(
            `SELECT count(DISTINCT stored.key) AS n FROM session JOIN session AS stored NOT INDEXED
               ON stored.key = session.key AND stored.scope_set = session.scope_set
             WHERE stored.context = ? AND ${sets.sql}`,
            context,
            sets.value,
          )?.["n"],
      );
      return db
        .all(
          `${SESSION} WHERE session.context = ? AND ${sets.sql} AND (? IS NULL OR session.status = ?)
           AND (? IS NULL OR session.external_id = ?) AND session.key < ?
           ORDER BY session.key DESC LIMIT ?`,
          context,
          sets.value,
          ...twice(filter.status ?? null),
          ...twice(filter.externalId ?? null),
          filter.before ?? Number.MAX_SAFE_INTEGER,
          filter.limit,
        )
        .map(toSession);
    },

    sessionIds: (_context, keys) => sessionIds(db, keys),

    scopeSet(context, key) {
      const row = db.get("SELECT * FROM scope_set WHERE key = ? AND context = ?", key, context);
      if (row === undefined) throw new EngineError("not_found", "There is no such scope set.");
      return toClauses(context, row);
    },

    visibleSets(context, clamp) {
      if (isUnclamped(clamp)) return "all";
      const paths = clampPaths(clamp);
      const found = new Map<number, ScopeSets>();
      const add = (rows: Row[]): void => {
        for (const row of rows) found.set(row["key"] as number, toClauses(context, row));
      };
      const isFound = (path: string): boolean =>
        [...found.values()].some((clauses) => clauses.some((clause) => clause.includes(path)));
      add(
        db.all(
          `SELECT scope_set.* FROM scope_path JOIN scope_set ON scope_set.key = scope_path.scope_set
           WHERE scope_path.context = ? AND scope_path.path IN (SELECT value FROM json_each(?))`,
          context,
          JSON.stringify(paths.exact),
        ),
      );
      for (const path of paths.exact) if (!isFound(path)) requireIntactPaths(db, context, path);
      for (const root of paths.below)
        add(
          root === "/"
            ? db.all("SELECT * FROM scope_set WHERE context = ?", context)
            : db.all(
                `SELECT scope_set.* FROM scope_path JOIN scope_set ON scope_set.key = scope_path.scope_set
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

    revision(context, sets) {
      const filter = setFilter("key", sets);
      const row = db.get(
        `SELECT count(*) AS n, total(last_at) AS sum FROM scope_set WHERE context = ? AND ${filter.sql}`,
        context,
        filter.value,
      );
      // every change moves one set's last instant forward, so the sum never repeats
      return `${String(row?.["n"])}:${String(row?.["sum"])}`;
    },

    traces(context, filter) {
      const sets = setFilter("scope_set", filter.sets);
      return db
        .all(
          `SELECT * FROM trace WHERE context = ?
           AND (CASE WHEN scope_set IS NULL THEN (? IS NULL OR principal = ?) ELSE ${sets.sql} END)
           AND (? IS NULL OR kind IN (SELECT value FROM json_each(?)))
           AND at >= ? AND at <= ?
           ORDER BY at ${filter.order === "oldest" ? "ASC, key ASC" : "DESC, key DESC"} LIMIT ?`,
          context,
          ...twice(filter.principal ?? null),
          sets.value,
          ...twice(filter.kinds === undefined ? null : JSON.stringify(filter.kinds)),
          filter.since ?? 0,
          filter.until ?? Number.MAX_SAFE_INTEGER,
          filter.limit,
        )
        .map(toTrace);
    },

    trace(context, id) {
      const row = db.get("SELECT * FROM trace WHERE context = ? AND id = ?", context, id);
      return row === undefined ? undefined : toTrace(row);
    },
  };
}

/**
 * An id that the index does not hold is absent, unless its entry is damaged: then it still stands where the id belongs,
 * and names a row with another id.
 */
function requireIntactIds(db: Statements, id: string): void {
  for (const beside of ["id >= ? ORDER BY id", "id < ? ORDER BY id DESC"]) {
    const entry = db.get(`SELECT id, key FROM session WHERE ${beside} LIMIT 1`, id);
    if (entry === undefined) continue;
    const row = db.get("SELECT id FROM session NOT INDEXED WHERE key = ?", entry["key"] as number);
    if (entry["id"] === id || row === undefined || row["id"] !== entry["id"])
      throw damaged("an entry of the index of sessions is wrong");
  }
}

/** The same for a scope path: the entry beside its place must name a set that has its path. */
function requireIntactPaths(db: Statements, context: number, path: string): void {
  for (const beside of [
    ">= (?, ?) ORDER BY scope_path.context, scope_path.path",
    "< (?, ?) ORDER BY scope_path.context DESC, scope_path.path DESC",
  ]) {
    const row = db.get(
      `SELECT scope_path.path, scope_set.* FROM scope_path LEFT JOIN scope_set ON scope_set.key = scope_path.scope_set
       WHERE (scope_path.context, scope_path.path) ${beside} LIMIT 1`,
      context,
      path,
    );
    if (row === undefined) continue;
    const isNamed =
      row["key"] !== null &&
      toClauses(row["context"] as number, row).some((clause) =>
        clause.includes(row["path"] as string),
      );
    if (!isNamed) throw damaged("an entry of the index of scopes is wrong");
  }
}
