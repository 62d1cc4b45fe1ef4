import { canonicalJson } from "@spectron/core/protocol";
import { EngineError } from "../../model/errors.ts";
import type { Retention, Writer } from "../store.ts";
import { answerChecksum, clausesChecksum, sessionChecksum, toAnswer } from "./checked-rows.ts";
import { createFactWriter } from "./fact-writer.ts";
import { answerRef } from "../rows.ts";
import { createReader } from "./reader.ts";
import type { Statements } from "./statements.ts";
import { createTurnWriter, ERASED_IN_INDEX } from "./turn-writer.ts";
import { createVectorWriter } from "./vector-store.ts";

/** The writing view over one connection; the caller opens and ends the transaction. */
export function createWriter(db: Statements): Writer {
  const reader = createReader(db);
  return {
    ...reader,
    ...createTurnWriter(db),
    ...createVectorWriter(db),
    ...createFactWriter(db),

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
      const key = db.run(
        "INSERT INTO scope_set (context, clauses, checksum) VALUES (?, ?, ?)",
        context,
        text,
        clausesChecksum(context, clauses),
      );
      for (const path of new Set(clauses.flat()))
        db.run(
          "INSERT INTO scope_path (context, path, scope_set) VALUES (?, ?, ?)",
          context,
          path,
          key,
        );
      return key;
    },

    lockScopeSets(context, sets, now) {
      // one writer per file: the transaction itself is the lock
      const values = JSON.stringify(sets);
      const last = db.get(
        `SELECT coalesce(max(last_at), 0) AS at FROM scope_set
         WHERE context = ? AND key IN (SELECT value FROM json_each(?))`,
        context,
        values,
      )?.["at"] as number;
      const at = Math.max(now, last + 1);
      db.run(
        "UPDATE scope_set SET last_at = ? WHERE context = ? AND key IN (SELECT value FROM json_each(?))",
        at,
        context,
        values,
      );
      return at;
    },

    async insertSession(context, session) {
      db.run(
        `INSERT INTO session (context, id, scope_set, principal, external_id, metadata, status, last_seq, created_at, checksum)
         VALUES (?, ?, ?, ?, ?, ?, 'open', 0, ?, ?)`,
        context,
        session.id,
        session.scopeSet,
        session.principal,
        session.externalId,
        JSON.stringify(session.metadata),
        session.createdAt,
        sessionChecksum(session),
      );
      const made = await reader.session(context, session.id);
      if (made === undefined) throw new EngineError("store_failed", "The session was not stored.");
      return made;
    },

    closeSession(context, session, at) {
      db.run(
        "UPDATE session SET status = 'closed', closed_at = ? WHERE context = ? AND key = ? AND status = 'open'",
        at,
        context,
        session,
      );
    },

    // one writer per file: the transaction itself is the lock
    lockSession: (context, session) =>
      db.get("SELECT last_seq FROM session WHERE context = ? AND key = ?", context, session)?.[
        "last_seq"
      ] as number,

    // one process owns the file, and the engine admits one request per key at a time
    reserveAnswer: () => true,

    putAnswer(context, ref, answer) {
      db.run(
        `INSERT INTO answer (ref, context, fingerprint, status, body, created_at, expires_at, checksum)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status, body = excluded.body,
           created_at = excluded.created_at, expires_at = excluded.expires_at, checksum = excluded.checksum`,
        answerRef(ref),
        context,
        answer.fingerprint,
        answer.status,
        answer.body,
        answer.createdAt,
        answer.expiresAt,
        answerChecksum(answer),
      );
    },

    redactAnswers(context, words, redact) {
      for (const word of words)
        for (const row of db.all(
          "SELECT * FROM answer WHERE context = ? AND instr(body, ?) > 0",
          context,
          word,
        )) {
          const answer = toAnswer(row);
          const body = redact(answer.body);
          db.run(
            "UPDATE answer SET body = ?, checksum = ? WHERE ref = ?",
            body,
            answerChecksum({ ...answer, body }),
            row["ref"] as Uint8Array,
          );
        }
    },

    appendTrace(context, trace) {
      db.run(
        "INSERT INTO trace (context, id, kind, scope_set, principal, at, data) VALUES (?, ?, ?, ?, ?, ?, ?)",
        context,
        trace.id,
        trace.kind,
        trace.scopeSet,
        trace.principal,
        trace.at,
        typeof trace.data === "string" ? trace.data : JSON.stringify(trace.data),
      );
    },

    sweep: (retention, now, limit) => sweep(db, retention, now, limit),

    setting: (context, name) =>
      db.get("SELECT value FROM setting WHERE context = ? AND name = ?", context, name)?.[
        "value"
      ] as number | undefined,

    putSetting(context, name, value) {
      db.run(
        `INSERT INTO setting (context, name, value) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET value = excluded.value`,
        context,
        name,
        value,
      );
    },
  };
}

/** Removes what has expired, and the words of erased turns that the index holds until its parts are merged. */
function sweep(db: Statements, retention: Retention, now: number, limit: number): number {
  let left = limit;
  const remove = (sql: string, ...values: number[]): void => {
    if (left > 0) left -= db.change(sql, ...values, left);
  };
  remove(
    "DELETE FROM answer WHERE ref IN (SELECT ref FROM answer WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
    now,
  );
  for (const { key } of db.all("SELECT key FROM context")) {
    const context = key as number;
    remove(
      "DELETE FROM trace WHERE key IN (SELECT key FROM trace WHERE context = ? AND at < ? ORDER BY at LIMIT ?)",
      context,
      now - retention.traceAge,
    );
    const count = db.get("SELECT count(*) AS n FROM trace WHERE context = ?", context)?.[
      "n"
    ] as number;
    const over = Math.min(left, count - retention.traceCount);
    if (over > 0)
      left -= db.change(
        "DELETE FROM trace WHERE key IN (SELECT key FROM trace WHERE context = ? ORDER BY at, key LIMIT ?)",
        context,
        over,
      );
  }
  if (left > 0 && db.get("SELECT 1 FROM setting WHERE name = ?", ERASED_IN_INDEX) !== undefined) {
    const changes = (): number => db.get("SELECT total_changes() AS n")?.["n"] as number;
    const before = changes();
    db.run("INSERT INTO turn_index (turn_index, rank) VALUES ('merge', ?)", -left);
    // a merge that had nothing left to do changes one row at most
    if (changes() - before < 2) db.run("DELETE FROM setting WHERE name = ?", ERASED_IN_INDEX);
    else left = 0;
  }
  return limit - left;
}
