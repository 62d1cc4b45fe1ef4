import type { Reader } from "../store.ts";
import { toEntity, toFact } from "../rows.ts";
import { setFilter, when } from "./connection.ts";
import type { Connection } from "./connection.ts";

type FactReader = Pick<
  Reader,
  | "facts"
  | "factVersions"
  | "factHistory"
  | "changedFacts"
  | "importance"
  | "entities"
  | "entitiesByName"
  | "liveEntities"
>;

export function createFactReader(db: Connection): FactReader {
  return {
    async facts(context, filter) {
      const parts = [
        setFilter("scope_set", filter.sets),
        filter.asOf === undefined
          ? { sql: "known_to IS NULL", values: [] }
          : {
              sql: "known_from <= ? AND (known_to IS NULL OR known_to > ?)",
              values: [filter.asOf, filter.asOf],
            },
        filter.includeEnded === true
          ? { sql: "true", values: [] }
          : { sql: "(valid_to IS NULL OR valid_to > ?)", values: [filter.at] },
        when("kind = ANY(?)", filter.kinds),
        when("entity = ANY(?::bigint[])", filter.entities),
        when("key = ?", filter.key),
      ];
      const rows = await db.all(
        `SELECT * FROM fact WHERE context = ? AND ${parts.map(({ sql }) => sql).join(" AND ")}
         ORDER BY created_at DESC, row DESC LIMIT ?`,
        context,
        ...parts.flatMap(({ values }) => values),
        filter.limit,
      );
      return rows.map(toFact);
    },

    factVersions: async (context, ids) =>
      (
        await db.all(
          "SELECT * FROM fact WHERE context = ? AND id = ANY(?) ORDER BY known_from, row",
          context,
          ids,
        )
      ).map(toFact),

    factHistory: async (context, scopeSet, keys) =>
      (
        await db.all(
          "SELECT * FROM fact WHERE context = ? AND scope_set = ? AND key = ANY(?) ORDER BY known_from, row",
          context,
          scopeSet,
          keys,
        )
      ).map(toFact),

    async changedFacts(context, filter) {
      const sets = setFilter("scope_set", filter.sets);
      const rows = await db.all(
        `SELECT * FROM fact WHERE context = ? AND ${sets.sql}
         AND ((known_from > ? AND known_from <= ?) OR (known_to > ? AND known_to <= ?))
         ORDER BY known_from, row LIMIT ?`,
        context,
        ...sets.values,
        filter.since,
        filter.until,
        filter.since,
        filter.until,
        filter.limit,
      );
      return rows.map(toFact);
    },

    importance: async (context, ids) =>
      new Map(
        (
          await db.all("SELECT * FROM importance WHERE context = ? AND fact = ANY(?)", context, ids)
        ).map((row) => [
          row["fact"] as string,
          { value: row["value"] as number, at: row["at"] as number },
        ]),
      ),

    entities: async (context, keys) =>
      (
        await db.all(
          "SELECT * FROM entity WHERE context = ? AND key = ANY(?::bigint[]) ORDER BY key",
          context,
          keys,
        )
      ).map(toEntity),

    async entitiesByName(context, sets, type, normalName) {
      const filter = setFilter("scope_set", sets);
      const rows = await db.all(
        `SELECT * FROM entity WHERE context = ? AND ${filter.sql} AND type = ? AND normal_name = ? ORDER BY key`,
        context,
        ...filter.values,
        type,
        normalName,
      );
      return rows.map(toEntity);
    },

    async liveEntities(context, sets, { type, at, offset, limit }) {
      const filter = setFilter("scope_set", sets);
      const live = `FROM fact WHERE context = ? AND ${filter.sql} AND known_to IS NULL AND (valid_to IS NULL OR valid_to > ?)`;
      const values = [context, ...filter.values, at];
      const kind = when("type = ?", type);
      const rows = await db.all(
        `SELECT * FROM entity WHERE context = ? AND key IN (SELECT entity ${live} UNION SELECT object ${live})
         AND ${kind.sql} ORDER BY type COLLATE "C", normal_name COLLATE "C", key LIMIT ? OFFSET ?`,
        context,
        ...values,
        ...values,
        ...kind.values,
        limit,
        offset,
      );
      return rows.map(toEntity);
    },
  };
}
