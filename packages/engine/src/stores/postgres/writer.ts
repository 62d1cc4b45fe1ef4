import { ancestorsOf, canonicalJson } from "@spectron/core/protocol";
import { EngineError } from "../../model/errors.ts";
import { answerRef, toSession } from "../rows.ts";
import type { Retention, Writer } from "../store.ts";
import type { Connection } from "./connection.ts";
import { createFactWriter } from "./fact-writer.ts";
import { createReader, digest } from "./reader.ts";
import { SESSION } from "./schema.ts";
import { createTurnWriter } from "./turn-writer.ts";
import { createVectorWriter } from "./vector-store.ts";

/** The writing view over one connection; the caller opens and ends the transaction, which reads what is committed. */
export function createWriter(db: Connection): Writer {
  const reader = createReader(db);
  return {
    ...reader,
    ...createTurnWriter(db),
    ...createFactWriter(db),
    ...createVectorWriter(db),

    createContext: async (name, secret, at) =>
      (
        await db.get(
          "INSERT INTO context (name, secret, created_at) VALUES (?, ?, ?) RETURNING key",
          name,
          secret,
          at,
        )
      )?.["key"] as number,

    async putKey(record, at) {
      const context = await reader.contextKey(record.context);
      if (context === undefined) throw new EngineError("not_found", "The context does not exist.");
      await db.change(
        `INSERT INTO principal (context, id, display_name, kind, grants, created_at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (context, id) DO UPDATE SET display_name = excluded.display_name, kind = excluded.kind,
           grants = excluded.grants`,
        context,
        record.principal,
        record.displayName,
        record.principalKind,
        JSON.stringify(record.grants),
        at,
      );
      await db.change(
        `INSERT INTO api_key (context, name, principal, hash, grants, expires_at, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (context, name) DO UPDATE SET principal = excluded.principal, hash = excluded.hash,
           grants = excluded.grants, expires_at = excluded.expires_at`,
        context,
        record.name,
        record.principal,
        record.hash,
        record.keyGrants === null ? null : JSON.stringify(record.keyGrants),
        record.expiresAt,
        at,
      );
    },

    async internScopeSet(context, clauses) {
      const text = canonicalJson(clauses);
      const find = async (): Promise<number | undefined> =>
        (
          await db.get(
            "SELECT key FROM scope_set WHERE context = ? AND digest = ?",
            context,
            digest(text),
          )
        )?.["key"] as number | undefined;
      const known = await find();
      if (known !== undefined) return known;
      const made = await db.get(
        "INSERT INTO scope_set (context, digest, clauses) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING key",
        context,
        digest(text),
        text,
      );
      const key = made?.["key"] as number | undefined;
      if (key === undefined) return (await find()) as number;
      const paths = [...new Set(clauses.flat())];
      const above = new Set(paths.flatMap((path) => ancestorsOf(path)));
      const row = (path: string, own: boolean): Record<string, unknown> => ({
        context,
        digest: digest(path),
        own,
        scope_set: key,
      });
      await db.insert(
        "scope_path",
        { context: "bigint", digest: "bytea", own: "boolean", scope_set: "bigint" },
        [...paths.map((path) => row(path, true)), ...[...above].map((path) => row(path, false))],
      );
      return key;
    },

    async lockScopeSets(context, sets, now) {
      // locks first, in one order for all writers; what follows sees what was committed before
      const rows = await db.all(
        "SELECT last_at FROM scope_set WHERE context = ? AND key = ANY(?::bigint[]) ORDER BY key FOR UPDATE",
        context,
        sets,
      );
      const at = rows.reduce(
        (latest, row) => Math.max(latest, (row["last_at"] as number) + 1),
        now,
      );
      await db.change(
        "UPDATE scope_set SET last_at = ? WHERE context = ? AND key = ANY(?::bigint[])",
        at,
        context,
        sets,
      );
      return at;
    },

    // a command decides by what it read of a session, so the row stays as it was read until the command ends
    async session(context, id) {
      const row = await db.get(
        `${SESSION} WHERE session.context = ? AND session.id = ? FOR UPDATE OF session`,
        context,
        id,
      );
      return row === undefined ? undefined : toSession(row);
    },

    async insertSession(context, session) {
      await db.change(
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

    async closeSession(context, session, at) {
      await db.change(
        "UPDATE session SET status = 'closed', closed_at = ? WHERE context = ? AND key = ? AND status = 'open'",
        at,
        context,
        session,
      );
    },

    lockSession: async (context, session) =>
      (
        await db.get(
          "SELECT last_seq FROM session WHERE context = ? AND key = ? FOR UPDATE",
          context,
          session,
        )
      )?.["last_seq"] as number,

    reserveAnswer: async (ref) =>
      (
        await db.get(
          "SELECT pg_try_advisory_xact_lock(?::bigint) AS free",
          answerRef(ref).readBigInt64BE().toString(),
        )
      )?.["free"] === true,

    async putAnswer(context, ref, answer) {
      await db.change(
        `INSERT INTO answer (context, ref, fingerprint, status, body, created_at, expires_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (context, ref) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status,
           body = excluded.body, created_at = excluded.created_at, expires_at = excluded.expires_at`,
        context,
        answerRef(ref),
        answer.fingerprint,
        answer.status,
        answer.body,
        answer.createdAt,
        answer.expiresAt,
      );
    },

    async redactAnswers(context, words, redact) {
      for (const word of words)
        for (const row of await db.all(
          "SELECT ref, body FROM answer WHERE context = ? AND strpos(body, ?) > 0 ORDER BY ref FOR UPDATE",
          context,
          word,
        ))
          await db.change(
            "UPDATE answer SET body = ? WHERE context = ? AND ref = ?",
            redact(row["body"] as string),
            context,
            row["ref"],
          );
    },

    async appendTrace(context, trace) {
      await db.change(
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

    sweep: async (retention, now, limit) => sweep(db, retention, now, limit),

    setting: async (context, name) =>
      (await db.get("SELECT value FROM setting WHERE context = ? AND name = ?", context, name))?.[
        "value"
      ] as number | undefined,

    async putSetting(context, name, value) {
      await db.change(
        `INSERT INTO setting (context, name, value) VALUES (?, ?, ?)
         ON CONFLICT (context, name) DO UPDATE SET value = excluded.value`,
        context,
        name,
        value,
      );
    },
  };
}

async function sweep(
  db: Connection,
  retention: Retention,
  now: number,
  limit: number,
): Promise<number> {
  let left = limit;
  /** Rows that another sweeper holds are left to it. */
  const remove = async (
    table: string,
    key: string,
    which: string,
    ...values: unknown[]
  ): Promise<void> => {
    if (left > 0)
      left -= await db.change(
        `DELETE FROM ${table} WHERE (context, ${key}) IN (
           SELECT context, ${key} FROM ${table} WHERE ${which} LIMIT ? FOR UPDATE SKIP LOCKED)`,
        ...values,
        left,
      );
  };
  for (const { key: context } of await db.all("SELECT key FROM context ORDER BY key")) {
    await remove(
      "answer",
      "ref",
      "context = ? AND expires_at <= ? ORDER BY expires_at",
      context,
      now,
    );
    await remove(
      "trace",
      "key",
      "context = ? AND at < ? ORDER BY at, key",
      context,
      now - retention.traceAge,
    );
    // the newest trace that is one too many; whatever is not newer goes with it
    const cut = await db.get(
      "SELECT at, key FROM trace WHERE context = ? ORDER BY at DESC, key DESC OFFSET ? LIMIT 1",
      context,
      retention.traceCount,
    );
    if (cut !== undefined)
      await remove(
        "trace",
        "key",
        "context = ? AND (at, key) <= (?, ?) ORDER BY at, key",
        context,
        cut["at"],
        cut["key"],
      );
  }
  return limit - left;
}
