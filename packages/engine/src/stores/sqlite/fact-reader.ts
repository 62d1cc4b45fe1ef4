import type { SQLInputValue } from "node:sqlite";
import type { EntityRecord, StoredFact } from "../../model/records.ts";
import type { Row } from "../rows.ts";
import type { FactFilter, Reader } from "../store.ts";
import { toEntity, toFact } from "./checked-rows.ts";
import { requireWhole } from "./require-whole.ts";
import { setFilter, twice } from "./statements.ts";
import type { Statements } from "./statements.ts";

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

function isAsked(fact: StoredFact, filter: FactFilter): boolean {
  return (
    (filter.includeEnded === true || fact.validTo === null || fact.validTo > filter.at) &&
    (filter.kinds?.includes(fact.kind) ?? true) &&
    (filter.entities === undefined ||
      (fact.entity !== null && filter.entities.includes(fact.entity))) &&
    (filter.key === undefined || fact.key === filter.key)
  );
}

/** Believed facts that are read to tell which entities they speak of; beyond, the database tells. */
const MOST_READ = 2000;

/** As the database orders texts. */
function order(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

export function createFactReader(db: Statements): FactReader {
  function believedFacts(context: number, filter: FactFilter): StoredFact[] {
    const sets = setFilter("scope_set", filter.sets);
    const known =
      filter.asOf === undefined
        ? { from: "INDEXED BY fact_live", sql: "known_to IS NULL", values: [] }
        : {
            from: "",
            sql: "known_from <= ? AND (known_to IS NULL OR known_to > ?)",
            values: [filter.asOf, filter.asOf],
          };
    const read = (sql: string, ...values: SQLInputValue[]): Row[] =>
      db.all(
        `SELECT * FROM fact ${known.from} WHERE context = ? AND ${sets.sql} AND ${known.sql} AND ${sql}
           ORDER BY created_at DESC, row DESC LIMIT ?`,
        context,
        sets.value,
        ...known.values,
        ...values,
        filter.limit,
      );
    // where everything is little enough it is read and then chosen from: what is damaged could pass no filter unseen
    const all = read("true");
    if (all.length < filter.limit) {
      const facts = all.map(toFact);
      if (filter.asOf === undefined)
        // an index that leads to another row than it says shows one twice, or one that is believed no more
        requireWhole(
          db,
          context,
          filter.sets,
          "facts",
          () => new Set(facts.flatMap(({ row, knownTo }) => (knownTo === null ? row : []))).size,
        );
      return facts.filter((fact) => isAsked(fact, filter));
    }
    return read(
      `(? OR valid_to IS NULL OR valid_to > ?) AND (? IS NULL OR kind IN (SELECT value FROM json_each(?)))
         AND (? IS NULL OR entity IN (SELECT value FROM json_each(?))) AND (? IS NULL OR key = ?)`,
      filter.includeEnded === true ? 1 : 0,
      filter.at,
      ...twice(filter.kinds === undefined ? null : JSON.stringify(filter.kinds)),
      ...twice(filter.entities === undefined ? null : JSON.stringify(filter.entities)),
      ...twice(filter.key ?? null),
    ).map(toFact);
  }

  function entitiesOf(context: number, keys: readonly number[]): EntityRecord[] {
    const found = db
      .all(
        `SELECT entity.* FROM entity JOIN scope_set ON scope_set.key = entity.scope_set
         WHERE scope_set.context = ? AND entity.key IN (SELECT value FROM json_each(?))`,
        context,
        JSON.stringify(keys),
      )
      .map(toEntity);
    return found;
  }

  return {
    facts: believedFacts,

    factVersions: (context, ids) =>
      db
        .all(
          `SELECT * FROM fact WHERE context = ? AND id IN (SELECT value FROM json_each(?))
           ORDER BY known_from, row`,
          context,
          JSON.stringify(ids),
        )
        .map(toFact),

    factHistory: (context, scopeSet, keys) =>
      db
        .all(
          `SELECT * FROM fact WHERE context = ? AND scope_set = ? AND key IN (SELECT value FROM json_each(?))
           ORDER BY known_from, row`,
          context,
          scopeSet,
          JSON.stringify(keys),
        )
        .map(toFact),

    changedFacts(context, filter) {
      const sets = setFilter("scope_set", filter.sets);
      return db
        .all(
          `SELECT * FROM fact WHERE context = ? AND ${sets.sql}
           AND ((known_from > ? AND known_from <= ?) OR (known_to > ? AND known_to <= ?))
           ORDER BY known_from, row LIMIT ?`,
          context,
          sets.value,
          filter.since,
          filter.until,
          filter.since,
          filter.until,
          filter.limit,
        )
        .map(toFact);
    },

    importance: (context, ids) =>
      new Map(
        db
          .all(
            "SELECT * FROM importance WHERE context = ? AND fact IN (SELECT value FROM json_each(?))",
            context,
            JSON.stringify(ids),
          )
          .map((row) => [
            row["fact"] as string,
            { value: row["value"] as number, at: row["at"] as number },
          ]),
      ),

    entities: entitiesOf,

    entitiesByName(context, sets, type, normalName) {
      const filter = setFilter("entity.scope_set", sets);
      return db
        .all(
          `SELECT entity.* FROM entity JOIN scope_set ON scope_set.key = entity.scope_set
           WHERE scope_set.context = ? AND ${filter.sql} AND entity.type = ? AND entity.normal_name = ?
           ORDER BY entity.key`,
          context,
          filter.value,
          type,
          normalName,
        )
        .map(toEntity);
    },

    liveEntities(context, sets, { type, at, offset, limit }) {
      const filter = setFilter("fact.scope_set", sets);
      const facts = believedFacts(context, { sets, at, limit: MOST_READ });
      if (facts.length < MOST_READ) {
        // read row by row, so that none is left out by what is damaged in it
        const named = new Set(facts.flatMap((fact) => [fact.entity, fact.object]));
        named.delete(null);
        return entitiesOf(
          context,
          [...named].filter((key) => key !== null),
        )
          .filter((entity) => type === undefined || entity.type === type)
          .toSorted(
            (one, other) =>
              order(one.type, other.type) ||
              order(one.normalName, other.normalName) ||
              one.key - other.key,
          )
          .slice(offset, offset + limit);
      }
      return db
        .all(
          `SELECT * FROM entity WHERE key IN (
             SELECT entity FROM fact WHERE context = ?1 AND ${filter.sql.replaceAll("?", "?2")} AND known_to IS NULL
               AND (valid_to IS NULL OR valid_to > ?3) AND entity IS NOT NULL
             UNION SELECT object FROM fact WHERE context = ?1 AND ${filter.sql.replaceAll("?", "?2")} AND known_to IS NULL
               AND (valid_to IS NULL OR valid_to > ?3) AND object IS NOT NULL)
           AND (?4 IS NULL OR type = ?4) ORDER BY type, normal_name, key LIMIT ?5 OFFSET ?6`,
          context,
          filter.value,
          at,
          type ?? null,
          limit,
          offset,
        )
        .map(toEntity);
    },
  };
}
