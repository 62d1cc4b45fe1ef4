/** Schema versions in order; each runs once, inside one transaction. Never edit a released one. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE setting (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID, STRICT;
  CREATE TABLE context (key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, secret TEXT NOT NULL,
    created_at INTEGER NOT NULL) STRICT;
  CREATE TABLE principal (
    context INTEGER NOT NULL, id TEXT NOT NULL, display_name TEXT NOT NULL, kind TEXT NOT NULL,
    grants TEXT NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY (context, id)) WITHOUT ROWID, STRICT;
  CREATE TABLE api_key (
    context INTEGER NOT NULL, name TEXT NOT NULL, principal TEXT NOT NULL, hash TEXT NOT NULL,
    grants TEXT, expires_at INTEGER, created_at INTEGER NOT NULL, PRIMARY KEY (context, name)) WITHOUT ROWID, STRICT;

  CREATE TABLE scope_set (key INTEGER PRIMARY KEY, context INTEGER NOT NULL, clauses TEXT NOT NULL,
    UNIQUE (context, clauses)) STRICT;
  CREATE TABLE scope_path (context INTEGER NOT NULL, path TEXT NOT NULL, scope_set INTEGER NOT NULL,
    PRIMARY KEY (context, path, scope_set)) WITHOUT ROWID, STRICT;

  CREATE TABLE session (
    key INTEGER PRIMARY KEY, context INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, scope_set INTEGER NOT NULL,
    principal TEXT NOT NULL, external_id TEXT, metadata TEXT NOT NULL, status TEXT NOT NULL,
    last_seq INTEGER NOT NULL, created_at INTEGER NOT NULL, closed_at INTEGER) STRICT;
  CREATE UNIQUE INDEX session_external ON session (context, principal, external_id) WHERE external_id IS NOT NULL;

  -- key packs session and position, so turns lie clustered by conversation
  CREATE TABLE turn (
    key INTEGER PRIMARY KEY, context INTEGER NOT NULL, scope_set INTEGER NOT NULL, role TEXT NOT NULL,
    speaker TEXT, text TEXT NOT NULL, shown TEXT, terms TEXT NOT NULL, client_id TEXT,
    ts INTEGER, at INTEGER NOT NULL, principal TEXT NOT NULL) STRICT;
  CREATE INDEX turn_scope ON turn (scope_set, key);
  CREATE UNIQUE INDEX turn_client ON turn (key >> 22, client_id) WHERE client_id IS NOT NULL;
  CREATE VIRTUAL TABLE turn_index USING fts5(
    scope, terms, content='', contentless_delete=1, detail=full, tokenize="unicode61 remove_diacritics 0");
  CREATE VIRTUAL TABLE turn_term USING fts5vocab(turn_index, col);

  CREATE TABLE entity (
    key INTEGER PRIMARY KEY, scope_set INTEGER NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL,
    normal_name TEXT NOT NULL, category TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    UNIQUE (scope_set, type, normal_name)) STRICT;

  CREATE TABLE fact (
    row INTEGER PRIMARY KEY, context INTEGER NOT NULL, scope_set INTEGER NOT NULL, id TEXT NOT NULL,
    kind TEXT NOT NULL, entity INTEGER, key TEXT NOT NULL, value TEXT NOT NULL, normal_value TEXT NOT NULL,
    object INTEGER, category TEXT NOT NULL, confidence REAL NOT NULL,
    valid_from INTEGER NOT NULL, valid_to INTEGER, known_from INTEGER NOT NULL, known_to INTEGER,
    created_at INTEGER NOT NULL, supersedes TEXT, superseded_by TEXT,
    sources TEXT NOT NULL, labels TEXT NOT NULL) STRICT;
  CREATE INDEX fact_live ON fact (scope_set, key) WHERE known_to IS NULL;
  CREATE INDEX fact_known ON fact (scope_set, known_from);
  CREATE INDEX fact_id ON fact (id);

  CREATE TABLE answer (
    ref BLOB PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID, STRICT;
  CREATE INDEX answer_expiry ON answer (expires_at);
  CREATE TABLE trace (
    key INTEGER PRIMARY KEY, context INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    scope_set INTEGER, principal TEXT NOT NULL, at INTEGER NOT NULL, data TEXT NOT NULL) STRICT;
  CREATE INDEX trace_at ON trace (context, at);
  `,
];
