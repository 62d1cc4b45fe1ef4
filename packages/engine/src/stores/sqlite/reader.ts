import type { ScopeSets } from "@spectron/core/protocol";
import { EngineError } from "../../model/errors.ts";
import { clampPaths, isUnclamped, isVisible } from "../../model/clamp.ts";
import type { Reader } from "../store.ts";
import { toAnswer, toClauses, toSession } from "./checked-rows.ts";
import { createFactReader } from "./fact-reader.ts";
import { answerRef, toKey, toTrace } from "../rows.ts";
import type { Row } from "../rows.ts";
import { setFilter, twice } from "./statements.ts";
import type { Statements } from "./statements.ts";
import { createTurnReader } from "./turn-reader.ts";
import { createVectorReader } from "./vector-store.ts";

const SESSION = `SELECT session.*, scope_set.clauses FROM session JOIN scope_set ON scope_set.key = session.scope_set`;

export function createReader(db: Statements): Reader {
  return {
    ...createTurnReader(db),
    ...createVectorReader(db),
    ...createFactReader(db),

    contextKey: (name) =>
      db.get("SELECT key FROM context WHERE name = ?", name)?.["key"] as number | undefined,

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
      const row = db.get(`${SESSION} WHERE session.id = ? AND session.context = ?`, id, context);
      return row === undefined ? undefined : toSession(row);
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

    sessionIds: (context, keys) =>
      new Map(
        db
          .all(
            "SELECT key, id FROM session WHERE context = ? AND key IN (SELECT value FROM json_each(?))",
            context,
            JSON.stringify(keys),
          )
          .map((row) => [row["key"] as number, row["id"] as string]),
      ),

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
      add(
        db.all(
          `SELECT scope_set.* FROM scope_path JOIN scope_set ON scope_set.key = scope_path.scope_set
           WHERE scope_path.context = ? AND scope_path.path IN (SELECT value FROM json_each(?))`,
          context,
          JSON.stringify(paths.exact),
        ),
      );
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
