import type { EntityRecord } from "../../model/records.ts";
import { EngineError } from "../../model/errors.ts";
import type { Writer } from "../store.ts";
import { fromList, toEntity, toFact, toStatement } from "../rows.ts";
import type { Connection } from "./connection.ts";

type FactWriter = Pick<
  Writer,
  | "statements"
  | "insertStatements"
  | "endStatements"
  | "holdStatements"
  | "eraseStatements"
  | "believedFacts"
  | "applyFacts"
  | "eraseEntities"
  | "eraseFacts"
  | "setImportance"
  | "internEntity"
>;

const STATEMENT = {
  context: "bigint",
  scope_set: "bigint",
  id: "text",
  kind: "text",
  entity: "bigint",
  key: "text",
  value: "text",
  object: "bigint",
  category: "text",
  polarity: "text",
  confidence: "float8",
  valid_from: "bigint",
  valid_to: "bigint",
  at: "bigint",
  source: "text",
  labels: "text",
  turn: "bigint",
  order_at: "bigint",
  origin: "bigint",
  held: "boolean",
} as const;

const FACT = {
  context: "bigint",
  scope_set: "bigint",
  id: "text",
  kind: "text",
  entity: "bigint",
  key: "text",
  value: "text",
  normal_value: "text",
  object: "bigint",
  category: "text",
  confidence: "float8",
  valid_from: "bigint",
  valid_to: "bigint",
  known_from: "bigint",
  created_at: "bigint",
  supersedes: "text",
  superseded_by: "text",
  ended_by: "text",
  sources: "text",
  labels: "text",
} as const;

const OWN_ROWS = "context = ? AND row = ANY(?::bigint[])";

export function createFactWriter(db: Connection): FactWriter {
  return {
    async statements(context, filter) {
      const rows =
        "turns" in filter
          ? await db.all(
              "SELECT * FROM statement WHERE context = ? AND turn = ANY(?::bigint[]) ORDER BY row",
              context,
              filter.turns,
            )
          : await db.all(
              `SELECT * FROM statement WHERE context = ? AND scope_set = ? AND key = ANY(?) AND (ended_at IS NULL OR ?)
               ORDER BY order_at, origin, row`,
              context,
              filter.scopeSet,
              filter.keys,
              filter.all === true,
            );
      return rows.map(toStatement);
    },

    insertStatements: async (context, statements) =>
      db.insert(
        "statement",
        STATEMENT,
        statements.map((statement) => ({
          context,
          scope_set: statement.scopeSet,
          id: statement.id,
          kind: statement.kind,
          entity: statement.entity,
          key: statement.key,
          value: statement.value,
          object: statement.object,
          category: statement.category,
          polarity: statement.polarity,
          confidence: statement.confidence,
          valid_from: statement.validFrom,
          valid_to: statement.validTo,
          at: statement.at,
          source: JSON.stringify(statement.source),
          labels: fromList(statement.labels),
          turn: statement.turn,
          order_at: statement.orderAt,
          origin: statement.origin,
          held: statement.held,
        })),
      ),

    async endStatements(context, rows, at) {
      if (rows.length > 0)
        await db.change(
          `UPDATE statement SET ended_at = ? WHERE ${OWN_ROWS} AND ended_at IS NULL`,
          at,
          context,
          rows,
        );
    },

    async holdStatements(context, rows, held) {
      if (rows.length > 0)
        await db.change(`UPDATE statement SET held = ? WHERE ${OWN_ROWS}`, held, context, rows);
    },

    async eraseStatements(context, rows) {
      if (rows.length > 0)
        await db.change(`DELETE FROM statement WHERE ${OWN_ROWS}`, context, rows);
    },

    believedFacts: async (context, scopeSet, keys) =>
      (
        await db.all(
          `SELECT * FROM fact WHERE context = ? AND scope_set = ? AND known_to IS NULL AND key = ANY(?)
           ORDER BY created_at, row`,
          context,
          scopeSet,
          keys,
        )
      ).map(toFact),

    async applyFacts(context, change, at) {
      if (change.close.length > 0)
        await db.change(
          `UPDATE fact SET known_to = ? WHERE ${OWN_ROWS} AND known_to IS NULL`,
          at,
          context,
          change.close,
        );
      await db.insert(
        "fact",
        FACT,
        change.insert.map((fact) => ({
          context,
          scope_set: fact.scopeSet,
          id: fact.id,
          kind: fact.kind,
          entity: fact.entity,
          key: fact.key,
          value: fact.value,
          normal_value: fact.normalValue,
          object: fact.object,
          category: fact.category,
          confidence: fact.confidence,
          valid_from: fact.validFrom,
          valid_to: fact.validTo,
          known_from: fact.knownFrom,
          created_at: fact.createdAt,
          supersedes: fact.supersedes,
          superseded_by: fact.supersededBy,
          ended_by: fact.endedBy === null ? null : JSON.stringify(fact.endedBy),
          sources: JSON.stringify(fact.sources),
          labels: fromList(fact.labels),
        })),
      );
    },

    async eraseFacts(context, ids) {
      if (ids.length === 0) return;
      await db.change("DELETE FROM fact WHERE context = ? AND id = ANY(?)", context, ids);
      await db.change("DELETE FROM importance WHERE context = ? AND fact = ANY(?)", context, ids);
    },

    async eraseEntities(context, keys) {
      if (keys.length === 0) return;
      await db.change(
        `DELETE FROM entity WHERE context = ? AND key = ANY(?::bigint[])
         AND NOT EXISTS (SELECT FROM statement WHERE statement.context = entity.context
           AND statement.scope_set = entity.scope_set AND entity.key IN (statement.entity, statement.object))
         AND NOT EXISTS (SELECT FROM fact WHERE fact.context = entity.context
           AND fact.scope_set = entity.scope_set AND entity.key IN (fact.entity, fact.object))`,
        context,
        keys,
      );
    },

    async setImportance(context, values) {
      if (values.size === 0) return;
      // in one order for all writers, so that two of them never wait for each other
      const sorted = [...values].toSorted(([a], [b]) => (a < b ? -1 : 1));
      await db.change(
        `INSERT INTO importance (context, fact, value, at)
         SELECT ?::bigint, * FROM unnest(?::text[], ?::float8[], ?::bigint[])
         ON CONFLICT (context, fact) DO UPDATE SET value = excluded.value, at = excluded.at`,
        context,
        sorted.map(([fact]) => fact),
        sorted.map(([, { value }]) => value),
        sorted.map(([, { at }]) => at),
      );
    },

    async internEntity(context, entity, at) {
      const find = async (): Promise<EntityRecord | undefined> => {
        const row = await db.get(
          "SELECT * FROM entity WHERE context = ? AND scope_set = ? AND type = ? AND normal_name = ?",
          context,
          entity.scopeSet,
          entity.type,
          entity.normalName,
        );
        return row === undefined ? undefined : toEntity(row);
      };
      const known = await find();
      if (known !== undefined) return { entity: known, created: false };
      const made = await db.get(
        `INSERT INTO entity (context, scope_set, type, name, normal_name, category, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING *`,
        context,
        entity.scopeSet,
        entity.type,
        entity.name,
        entity.normalName,
        entity.category,
        at,
        at,
      );
      if (made !== undefined) return { entity: toEntity(made), created: true };
      const other = await find();
      if (other === undefined) throw new EngineError("store_failed", "The entity was not stored.");
      return { entity: other, created: false };
    },
  };
}
