import { createHash } from "node:crypto";
import type { ScopeSets } from "@spectron/core/protocol";
import { clampPaths, isUnclamped, isVisible } from "../../model/clamp.ts";
import { answerRef, toAnswer, toKey, toSession, toTrace } from "../rows.ts";
import type { Row } from "../rows.ts";
import type { Reader } from "../store.ts";
import { setFilter, when } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { createFactReader } from "./fact-reader.ts";
import { SESSION } from "./schema.ts";
import { createTurnReader } from "./turn-reader.ts";
import { createVectorReader } from "./vector-store.ts";

/** What stands for a long text in a key: its length must not decide whether it can be stored. */
export function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest().subarray(0, 16);
}

export function createReader(db: Connection): Reader {
  return {
    ...createTurnReader(db),
    ...createFactReader(db),
    ...createVectorReader(db),

    newestInstant: async () =>
      (
        await db.get(
          `SELECT greatest(
             coalesce((SELECT max(value) FROM setting WHERE context = 0 AND name IN ('kept_at', 'swept_at')), 0),
             coalesce((SELECT max((SELECT max(at) FROM trace WHERE trace.context = context.key)) FROM context), 0)
           ) AS at`,
        )
      )?.["at"] as number,

    contextKey: async (name) =>
      (await db.get("SELECT key FROM context WHERE name = ?", name))?.["key"] as number | undefined,

    async key(context, name) {
      const row = await db.get(
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

    async answer(ref) {
      const row = await db.get(
        "SELECT * FROM answer WHERE context = (SELECT key FROM context WHERE name = ?) AND ref = ?",
        ref.context,
        answerRef(ref),
      );
      return row === undefined ? undefined : toAnswer(row);
    },

    async session(context, id) {
      const row = await db.get(
        `${SESSION} WHERE session.context = ? AND session.id = ?`,
        context,
        id,
      );
      return row === undefined ? undefined : toSession(row);
    },

    async sessionByExternalId(context, principal, externalId) {
      const row = await db.get(
        `${SESSION} WHERE session.context = ? AND session.principal = ? AND session.external_id = ?
         AND session.status = 'open'`,
        context,
        principal,
        externalId,
      );
      return row === undefined ? undefined : toSession(row);
    },

    async sessions(context, filter) {
      const parts = [
        setFilter("session.scope_set", filter.sets),
        when("session.status = ?", filter.status),
        when("session.external_id = ?", filter.externalId),
        when("session.key < ?", filter.before),
      ];
      const rows = await db.all(
        `${SESSION} WHERE session.context = ? AND ${parts.map(({ sql }) => sql).join(" AND ")}
         ORDER BY session.key DESC LIMIT ?`,
        context,
        ...parts.flatMap(({ values }) => values),
        filter.limit,
      );
      return rows.map(toSession);
    },

    sessionIds: async (context, keys) =>
      new Map(
        (
          await db.all(
            "SELECT key, id FROM session WHERE context = ? AND key = ANY(?::bigint[])",
            context,
            keys,
          )
        ).map((row) => [row["key"] as number, row["id"] as string]),
      ),

    scopeSet: async (context, key) =>
      JSON.parse(
        (
          await db.get("SELECT clauses FROM scope_set WHERE context = ? AND key = ?", context, key)
        )?.["clauses"] as string,
      ) as ScopeSets,

    async visibleSets(context, clamp) {
      if (isUnclamped(clamp)) return "all";
      const { exact, below } = clampPaths(clamp);
      const select = "SELECT scope_set.key, scope_set.clauses FROM scope_set";
      const rows: Row[] = below.includes("/")
        ? await db.all(`${select} WHERE context = ?`, context)
        : await db.all(
            `${select} JOIN scope_path ON scope_path.context = scope_set.context AND scope_path.scope_set = scope_set.key
             WHERE scope_path.context = ? AND (scope_path.digest = ANY(?::bytea[]) AND own
               OR scope_path.digest = ANY(?::bytea[]) AND NOT own)`,
            context,
            exact.map(digest),
            below.map(digest),
          );
      const found = new Map(
        rows.map((row) => [
          row["key"] as number,
          JSON.parse(row["clauses"] as string) as ScopeSets,
        ]),
      );
      return [...found]
        .filter(([, clauses]) => isVisible(clauses, clamp))
        .map(([key]) => key)
        .toSorted((a, b) => a - b);
    },

    async revision(context, sets) {
      const filter = setFilter("key", sets);
      const row = await db.get(
        `SELECT count(*) AS n, coalesce(sum(last_at), 0)::text AS sum FROM scope_set WHERE context = ? AND ${filter.sql}`,
        context,
        ...filter.values,
      );
      // every change moves one set's last instant forward, so the sum never repeats
      return `${String(row?.["n"])}:${String(row?.["sum"])}`;
    },

    async traces(context, filter) {
      const sets = setFilter("scope_set", filter.sets);
      const principal = when("principal = ?", filter.principal);
      const parts = [
        {
          sql: `(CASE WHEN scope_set IS NULL THEN ${principal.sql} ELSE ${sets.sql} END)`,
          values: [...principal.values, ...sets.values],
        },
        when("kind = ANY(?)", filter.kinds),
        when("at >= ?", filter.since),
        when("at <= ?", filter.until),
      ];
      const order = filter.order === "oldest" ? "ASC" : "DESC";
      const rows = await db.all(
        `SELECT * FROM trace WHERE context = ? AND ${parts.map(({ sql }) => sql).join(" AND ")}
         ORDER BY at ${order}, key ${order} LIMIT ?`,
        context,
        ...parts.flatMap(({ values }) => values),
        filter.limit,
      );
      return rows.map(toTrace);
    },

    async trace(context, id) {
      const row = await db.get("SELECT * FROM trace WHERE context = ? AND id = ?", context, id);
      return row === undefined ? undefined : toTrace(row);
    },
  };
}
