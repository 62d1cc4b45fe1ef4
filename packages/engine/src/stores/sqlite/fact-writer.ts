import type { EntityRecord, StoredStatement } from "../../model/records.ts";
import type { Writer } from "../store.ts";
import { fromList } from "../rows.ts";
import {
  entityChecksum,
  factChecksum,
  statementChecksum,
  toEntity,
  toFact,
  toStatement,
} from "./checked-rows.ts";
import type { Statements } from "./statements.ts";

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

const OWN = "scope_set IN (SELECT key FROM scope_set WHERE context = ?)";

export function createFactWriter(db: Statements): FactWriter {
  const changeStatements = (
    context: number,
    rows: readonly number[],
    alter: (statement: StoredStatement) => StoredStatement,
  ): void => {
    for (const row of db.all(
      `SELECT * FROM statement WHERE row IN (SELECT value FROM json_each(?)) AND ${OWN}`,
      JSON.stringify(rows),
      context,
    )) {
      const after = alter(toStatement(row));
      db.run(
        "UPDATE statement SET held = ?, ended_at = ?, checksum = ? WHERE row = ?",
        after.held ? 1 : 0,
        after.endedAt,
        statementChecksum(after),
        after.row,
      );
    }
  };
  return {
    statements(context, filter) {
      const rows =
        "turns" in filter
          ? db.all(
              `SELECT * FROM statement WHERE turn IN (SELECT value FROM json_each(?)) AND ${OWN} ORDER BY row`,
              JSON.stringify(filter.turns),
              context,
            )
          : db.all(
              `SELECT * FROM statement WHERE scope_set = ? AND key IN (SELECT value FROM json_each(?))
               AND ${OWN} AND (ended_at IS NULL OR ?) ORDER BY order_at, origin, row`,
              filter.scopeSet,
              JSON.stringify(filter.keys),
              context,
              filter.all === true ? 1 : 0,
            );
      return rows.map(toStatement);
    },

    insertStatements(context, statements) {
      void context; // the scope set names its context
      for (const statement of statements)
        db.run(
          `INSERT INTO statement (scope_set, id, kind, entity, key, value, object, category, polarity, confidence,
             valid_from, valid_to, at, source, labels, turn, order_at, origin, held, ended_at, checksum)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)`,
          statement.scopeSet,
          statement.id,
          statement.kind,
          statement.entity,
          statement.key,
          statement.value,
          statement.object,
          statement.category,
          statement.polarity,
          statement.confidence,
          statement.validFrom,
          statement.validTo,
          statement.at,
          JSON.stringify(statement.source),
          fromList(statement.labels),
          statement.turn,
          statement.orderAt,
          statement.origin,
          statement.held ? 1 : 0,
          statementChecksum({ ...statement, endedAt: null }),
        );
    },

    endStatements: (context, rows, at) => {
      changeStatements(context, rows, (statement) =>
        statement.endedAt === null ? { ...statement, endedAt: at } : statement,
      );
    },

    holdStatements: (context, rows, held) => {
      changeStatements(context, rows, (statement) => ({ ...statement, held }));
    },

    eraseStatements(context, rows) {
      db.run(
        `DELETE FROM statement WHERE row IN (SELECT value FROM json_each(?)) AND ${OWN}`,
        JSON.stringify(rows),
        context,
      );
    },

    believedFacts: (context, scopeSet, keys) =>
      db
        .all(
          `SELECT * FROM fact WHERE context = ? AND scope_set = ? AND known_to IS NULL
           AND key IN (SELECT value FROM json_each(?)) ORDER BY created_at, row`,
          context,
          scopeSet,
          JSON.stringify(keys),
        )
        .map(toFact),

    applyFacts(context, change, at) {
      for (const row of db.all(
        `SELECT * FROM fact WHERE context = ? AND row IN (SELECT value FROM json_each(?)) AND known_to IS NULL`,
        context,
        JSON.stringify(change.close),
      ))
        db.run(
          "UPDATE fact SET known_to = ?, checksum = ? WHERE row = ?",
          at,
          factChecksum({ ...toFact(row), knownTo: at }),
          row["row"] as number,
        );
      for (const fact of change.insert)
        db.run(
          `INSERT INTO fact (context, scope_set, id, kind, entity, key, value, normal_value, object, category, confidence,
             valid_from, valid_to, known_from, known_to, created_at, supersedes, superseded_by, ended_by, sources, labels,
             checksum)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, ?, ?, ?, ?)`,
          context,
          fact.scopeSet,
          fact.id,
          fact.kind,
          fact.entity,
          fact.key,
          fact.value,
          fact.normalValue,
          fact.object,
          fact.category,
          fact.confidence,
          fact.validFrom,
          fact.validTo,
          fact.knownFrom,
          fact.createdAt,
          fact.supersedes,
          fact.supersededBy,
          fact.endedBy === null ? null : JSON.stringify(fact.endedBy),
          JSON.stringify(fact.sources),
          fromList(fact.labels),
          factChecksum(fact),
        );
    },

    eraseFacts(context, ids) {
      const list = JSON.stringify(ids);
      db.run(
        "DELETE FROM fact WHERE context = ? AND id IN (SELECT value FROM json_each(?))",
        context,
        list,
      );
      db.run(
        "DELETE FROM importance WHERE context = ? AND fact IN (SELECT value FROM json_each(?))",
        context,
        list,
      );
    },

    eraseEntities(context, keys) {
      db.run(
        `DELETE FROM entity WHERE key IN (SELECT value FROM json_each(?)) AND ${OWN}
         AND NOT EXISTS (SELECT 1 FROM statement WHERE statement.scope_set = entity.scope_set
           AND entity.key IN (statement.entity, statement.object))
         AND NOT EXISTS (SELECT 1 FROM fact WHERE fact.scope_set = entity.scope_set
           AND entity.key IN (fact.entity, fact.object))`,
        JSON.stringify(keys),
        context,
      );
    },

    setImportance(context, values) {
      for (const [fact, { value, at }] of values)
        db.run(
          `INSERT INTO importance (context, fact, value, at) VALUES (?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET value = excluded.value, at = excluded.at`,
          context,
          fact,
          value,
          at,
        );
    },

    internEntity(context, entity, at) {
      void context; // the scope set names its context
      const find = (): EntityRecord | undefined => {
        const row = db.get(
          "SELECT * FROM entity WHERE scope_set = ? AND type = ? AND normal_name = ?",
          entity.scopeSet,
          entity.type,
          entity.normalName,
        );
        return row === undefined ? undefined : toEntity(row);
      };
      const known = find();
      if (known !== undefined) return { entity: known, created: false };
      const key = db.run(
        `INSERT INTO entity (scope_set, type, name, normal_name, category, created_at, updated_at, checksum)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        entity.scopeSet,
        entity.type,
        entity.name,
        entity.normalName,
        entity.category,
        at,
        at,
        entityChecksum({ ...entity, createdAt: at }),
      );
      return { entity: { ...entity, key, createdAt: at, updatedAt: at }, created: true };
    },
  };
}
