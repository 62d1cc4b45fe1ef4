/** Marks a file as ours, so that a foreign database is never migrated: "spct". */
export const APPLICATION_ID = 0x73706374;

/** Schema version of files that a preview wrote; they cannot be read. */
export const PREVIEW_VERSION = 1;

/** Schema versions in order, from version 2 on; each runs once, inside one transaction. Never edit a released one. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE setting (context INTEGER NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY (context, name)) WITHOUT ROWID, STRICT;
  CREATE TABLE context (key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, secret TEXT NOT NULL,
    created_at INTEGER NOT NULL) STRICT;
  CREATE TABLE principal (
    context INTEGER NOT NULL, id TEXT NOT NULL, display_name TEXT NOT NULL, kind TEXT NOT NULL,
    grants TEXT NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY (context, id)) WITHOUT ROWID, STRICT;
  CREATE TABLE api_key (
    context INTEGER NOT NULL, name TEXT NOT NULL, principal TEXT NOT NULL, hash TEXT NOT NULL,
    grants TEXT, expires_at INTEGER, created_at INTEGER NOT NULL, PRIMARY KEY (context, name)) WITHOUT ROWID, STRICT;

  -- last_at: instant of the set's newest change; turns and terms: size of what recall may find in it
  CREATE TABLE scope_set (key INTEGER PRIMARY KEY, context INTEGER NOT NULL, clauses TEXT NOT NULL,
    last_at INTEGER NOT NULL DEFAULT 0, turns INTEGER NOT NULL DEFAULT 0, terms INTEGER NOT NULL DEFAULT 0,
    checksum INTEGER NOT NULL, UNIQUE (context, clauses)) STRICT;
  CREATE TABLE scope_path (context INTEGER NOT NULL, path TEXT NOT NULL, scope_set INTEGER NOT NULL,
    PRIMARY KEY (context, path, scope_set)) WITHOUT ROWID, STRICT;

  CREATE TABLE session (
    key INTEGER PRIMARY KEY, context INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, scope_set INTEGER NOT NULL,
    principal TEXT NOT NULL, external_id TEXT, metadata TEXT NOT NULL, status TEXT NOT NULL,
    last_seq INTEGER NOT NULL, created_at INTEGER NOT NULL, closed_at INTEGER,
    checksum INTEGER NOT NULL) STRICT;
  CREATE UNIQUE INDEX session_external ON session (context, principal, external_id)
    WHERE external_id IS NOT NULL AND status = 'open';
  CREATE INDEX session_scope ON session (scope_set, key);

  -- key packs session and position, so turns lie clustered by conversation; active: recall may find it now
  CREATE TABLE turn (
    key INTEGER PRIMARY KEY, context INTEGER NOT NULL, scope_set INTEGER NOT NULL, role TEXT NOT NULL,
    speaker TEXT, text TEXT NOT NULL, shown TEXT, terms TEXT NOT NULL, client_id TEXT,
    ts INTEGER, said INTEGER NOT NULL, at INTEGER NOT NULL, first_at INTEGER NOT NULL, principal TEXT NOT NULL,
    origin INTEGER NOT NULL, ended_at INTEGER, revised_by INTEGER,
    recalled INTEGER NOT NULL, held INTEGER NOT NULL,
    active INTEGER NOT NULL GENERATED ALWAYS AS (ended_at IS NULL AND recalled = 1 AND held = 0) VIRTUAL,
    findings TEXT, labels TEXT, checksum INTEGER NOT NULL) STRICT;
  CREATE INDEX turn_order ON turn (origin, key) WHERE ended_at IS NULL;
  CREATE INDEX turn_scope ON turn (scope_set, active, key);
  CREATE UNIQUE INDEX turn_client ON turn (key >> 22, client_id) WHERE client_id IS NOT NULL AND ended_at IS NULL;
  CREATE INDEX turn_held ON turn (scope_set, key) WHERE held = 1;
  CREATE TABLE turn_part (turn INTEGER PRIMARY KEY, parts TEXT NOT NULL) STRICT;
  CREATE VIRTUAL TABLE turn_index USING fts5(
    scope, terms, content='', contentless_delete=1, detail=full, tokenize="unicode61 remove_diacritics 0");

  CREATE TABLE entity (
    key INTEGER PRIMARY KEY, scope_set INTEGER NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL,
    normal_name TEXT NOT NULL, category TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    checksum INTEGER NOT NULL, UNIQUE (scope_set, type, normal_name)) STRICT;

  CREATE TABLE statement (
    row INTEGER PRIMARY KEY, scope_set INTEGER NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, entity INTEGER,
    key TEXT NOT NULL, value TEXT NOT NULL, object INTEGER, category TEXT NOT NULL, polarity TEXT NOT NULL,
    confidence REAL NOT NULL, valid_from INTEGER NOT NULL, valid_to INTEGER, at INTEGER NOT NULL,
    source TEXT NOT NULL, labels TEXT, turn INTEGER, order_at INTEGER NOT NULL, origin INTEGER NOT NULL,
    held INTEGER NOT NULL, ended_at INTEGER, checksum INTEGER NOT NULL) STRICT;
  CREATE INDEX statement_key ON statement (scope_set, key);
  CREATE INDEX statement_turn ON statement (turn) WHERE turn IS NOT NULL;

  CREATE TABLE fact (
    row INTEGER PRIMARY KEY, context INTEGER NOT NULL, scope_set INTEGER NOT NULL, id TEXT NOT NULL,
    kind TEXT NOT NULL, entity INTEGER, key TEXT NOT NULL, value TEXT NOT NULL, normal_value TEXT NOT NULL,
    object INTEGER, category TEXT NOT NULL, confidence REAL NOT NULL,
    valid_from INTEGER NOT NULL, valid_to INTEGER, known_from INTEGER NOT NULL, known_to INTEGER,
    created_at INTEGER NOT NULL, supersedes TEXT, superseded_by TEXT, ended_by TEXT,
    sources TEXT NOT NULL, labels TEXT, checksum INTEGER NOT NULL) STRICT;
  CREATE INDEX fact_live ON fact (context, scope_set, key) WHERE known_to IS NULL;
  CREATE INDEX fact_known ON fact (scope_set, known_from);
  CREATE INDEX fact_unknown ON fact (scope_set, known_to) WHERE known_to IS NOT NULL;
  CREATE INDEX fact_id ON fact (id);
  CREATE TABLE importance (context INTEGER NOT NULL, fact TEXT NOT NULL, value REAL NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (context, fact)) WITHOUT ROWID, STRICT;

  CREATE TABLE answer (
    ref BLOB PRIMARY KEY, context INTEGER NOT NULL, fingerprint TEXT NOT NULL, status INTEGER NOT NULL,
    body TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    checksum INTEGER NOT NULL) WITHOUT ROWID, STRICT;
  CREATE INDEX answer_expiry ON answer (expires_at);
  CREATE TABLE trace (
    key INTEGER PRIMARY KEY, context INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    scope_set INTEGER, principal TEXT NOT NULL, at INTEGER NOT NULL, data TEXT NOT NULL) STRICT;
  CREATE INDEX trace_at ON trace (context, at, key);
  `,
  `
  -- one quantised vector for a turn, of the model that is in use
  CREATE TABLE vector (turn INTEGER PRIMARY KEY, context INTEGER NOT NULL, model TEXT NOT NULL, vector BLOB NOT NULL) STRICT;
  CREATE INDEX vector_model ON vector (context, model);
  `,
  `
  -- traces of reads from here on hold their reasons by column; older ones, which are kept for a time only, go
  DELETE FROM trace WHERE kind = 'retrieval';
  `,
  `
  -- how many believed facts and sessions a set has, so that a list which a damaged page cuts short is noticed
  ALTER TABLE scope_set ADD COLUMN facts INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE scope_set ADD COLUMN sessions INTEGER NOT NULL DEFAULT 0;
  UPDATE scope_set SET
    facts = (SELECT count(*) FROM fact WHERE fact.scope_set = scope_set.key AND known_to IS NULL),
    sessions = (SELECT count(*) FROM session WHERE session.scope_set = scope_set.key);
  CREATE TRIGGER session_opened AFTER INSERT ON session BEGIN
    UPDATE scope_set SET sessions = sessions + 1 WHERE key = NEW.scope_set; END;
  CREATE TRIGGER fact_believed AFTER INSERT ON fact WHEN NEW.known_to IS NULL BEGIN
    UPDATE scope_set SET facts = facts + 1 WHERE key = NEW.scope_set; END;
  CREATE TRIGGER fact_left AFTER UPDATE OF known_to ON fact WHEN OLD.known_to IS NULL AND NEW.known_to IS NOT NULL BEGIN
    UPDATE scope_set SET facts = facts - 1 WHERE key = OLD.scope_set; END;
  CREATE TRIGGER fact_erased AFTER DELETE ON fact WHEN OLD.known_to IS NULL BEGIN
    UPDATE scope_set SET facts = facts - 1 WHERE key = OLD.scope_set; END;
  `,
];
