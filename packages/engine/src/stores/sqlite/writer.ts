import { canonicalJson } from "@spectron/core/protocol";
import { MAX_TURNS_PER_SESSION } from "../../model/records.ts";
import { EngineError } from "../../model/errors.ts";
import type { Writer } from "../store.ts";
import { answerRef, createReader } from "./reader.ts";
import type { Statements } from "./reader.ts";
import { toEntity, toFact } from "./rows.ts";

/** The writing view over one connection; the caller opens and ends the transaction. */
export function createWriter(db: Statements): Writer {
  const reader = createReader(db);
  return {
    ...reader,

    createContext: (name, secret, at) =>
      db.run("INSERT INTO context (name, secret, created_at) VALUES (?, ?, ?)", name, secret, at),

    async putKey(record, at) {
      const context = await reader.contextKey(record.context);
      if (context === undefined) throw new EngineError("not_found", "The context does not exist.");
      db.run(
        `INSERT INTO principal (context, id, display_name, kind, grants, created_at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET display_name = excluded.display_name, kind = excluded.kind, grants = excluded.grants`,
        context,
        record.principal,
        record.displayName,
        record.principalKind,
        JSON.stringify(record.grants),
        at,
      );
      db.run(
        `INSERT INTO api_key (context, name, principal, hash, grants, expires_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET principal = excluded.principal, hash = excluded.hash, grants = excluded.grants,
           expires_at = excluded.expires_at`,
        context,
        record.name,
        record.principal,
        record.hash,
        record.keyGrants === null ? null : JSON.stringify(record.keyGrants),
        record.expiresAt,
        at,
      );
    },

    internScopeSet(context, clauses) {
      const text = canonicalJson(clauses);
      const known = db.get(
        "SELECT key FROM scope_set WHERE context = ? AND clauses = ?",
        context,
        text,
      );
      if (known !== undefined) return known["key"] as number;
      const key = db.run("INSERT INTO scope_set (context, clauses) VALUES (?, ?)", context, text);
      for (const path of new Set(clauses.flat()))
        db.run(
          "INSERT INTO scope_path (context, path, scope_set) VALUES (?, ?, ?)",
          context,
          path,
          key,
        );
      return key;
    },

    async insertSession(context, session) {
      db.run(
        `INSERT INTO session (context, id, scope_set, principal, external_id, metadata, status, last_seq, created_at)
         VALUES (?, ?, ?, ?, ?, ?, 'open', 0, ?)`,
        context,
        session.id,
        session.scopeSet,
        session.principal,
        session.externalId,
        JSON.stringify(session.metadata),
        session.createdAt,
      );
      const made = await reader.session(context, session.id);
      if (made === undefined) throw new EngineError("store_failed", "The session was not stored.");
      return made;
    },

    closeSession(session, at) {
      db.run(
        "UPDATE session SET status = 'closed', closed_at = ? WHERE key = ? AND status = 'open'",
        at,
        session,
      );
    },

    // one writer per file: the transaction itself is the lock
    lockSession: (session) =>
      db.get("SELECT last_seq FROM session WHERE key = ?", session)?.["last_seq"] as number,

    appendTurns(context, session, turns) {
      const last = turns.at(-1);
      if (last === undefined) return;
      if (last.seq > MAX_TURNS_PER_SESSION)
        throw new EngineError(
          "session_full",
          `A session holds at most ${MAX_TURNS_PER_SESSION} turns.`,
        );
      for (const turn of turns) {
        db.run(
          `INSERT INTO turn (key, context, scope_set, role, speaker, text, shown, terms, client_id, ts, at, principal)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          turn.key,
          context,
          turn.scopeSet,
          turn.role,
          turn.speaker,
          turn.text,
          turn.shown,
          turn.terms,
          turn.clientId,
          turn.ts,
          turn.at,
          turn.principal,
        );
        db.run(
          "INSERT INTO turn_index (rowid, scope, terms) VALUES (?, ?, ?)",
          turn.key,
          `c${context} s${turn.scopeSet}`,
          turn.terms,
        );
      }
      db.run("UPDATE session SET last_seq = ? WHERE key = ?", last.seq, session);
    },

    liveFacts: (context, scopeSet, keys) =>
      db
        .all(
          `SELECT * FROM fact WHERE context = ? AND scope_set = ? AND known_to IS NULL
           AND key IN (SELECT value FROM json_each(?)) ORDER BY row`,
          context,
          scopeSet,
          JSON.stringify(keys),
        )
        .map(toFact),

    applyFacts(context, change, at) {
      for (const row of change.close)
        db.run("UPDATE fact SET known_to = ? WHERE row = ? AND known_to IS NULL", at, row);
      for (const fact of change.insert)
        db.run(
          `INSERT INTO fact (context, scope_set, id, kind, entity, key, value, normal_value, object, category, confidence,
             valid_from, valid_to, known_from, known_to, created_at, supersedes, superseded_by, sources, labels)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
          fact.knownTo,
          fact.createdAt,
          fact.supersedes,
          fact.supersededBy,
          JSON.stringify(fact.sources),
          JSON.stringify(fact.labels),
        );
    },

    internEntity(context, entity, at) {
      void context; // the scope set names its context
      const find = (): ReturnType<typeof toEntity> | undefined => {
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
        `INSERT INTO entity (scope_set, type, name, normal_name, category, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
        entity.scopeSet,
        entity.type,
        entity.name,
        entity.normalName,
        entity.category,
        at,
        at,
      );
      return { entity: { ...entity, key, createdAt: at, updatedAt: at }, created: true };
    },

    putAnswer(ref, answer) {
      db.run(
        `INSERT INTO answer (ref, fingerprint, status, body, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status, body = excluded.body,
           created_at = excluded.created_at, expires_at = excluded.expires_at`,
        answerRef(ref),
        answer.fingerprint,
        answer.status,
        answer.body,
        answer.createdAt,
        answer.expiresAt,
      );
    },

    appendTrace(context, trace, at) {
      db.run(
        "INSERT INTO trace (context, id, kind, scope_set, principal, at, data) VALUES (?, ?, ?, ?, ?, ?, ?)",
        context,
        trace.id,
        trace.kind,
        trace.scopeSet,
        trace.principal,
        at,
        JSON.stringify(trace.data),
      );
    },

    advanceClock(now) {
      const last = db.get("SELECT value FROM setting WHERE name = 'clock'")?.["value"] as
        | number
        | undefined;
      if (last !== undefined && last >= now) return last;
      db.run(
        "INSERT INTO setting (name, value) VALUES ('clock', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        now,
      );
      return now;
    },
  };
}
