/**
 * Schema versions in order, from version 1 on; each runs once, inside one transaction. Never edit a released one. Every key
 * leads with the context, so that a cluster can distribute by it.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE setting (context bigint, name text, value double precision NOT NULL, PRIMARY KEY (context, name));
  CREATE TABLE context (key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE,
    secret text NOT NULL, created_at bigint NOT NULL);
  CREATE TABLE principal (
    context bigint, id text, display_name text NOT NULL, kind text NOT NULL, grants text NOT NULL,
    created_at bigint NOT NULL, PRIMARY KEY (context, id));
  CREATE TABLE api_key (
    context bigint, name text, principal text NOT NULL, hash text NOT NULL, grants text, expires_at bigint,
    created_at bigint NOT NULL, PRIMARY KEY (context, name));

  -- last_at: instant of the set's newest change; turns and terms: size of what recall may find in it
  CREATE TABLE scope_set (
    context bigint, key bigint GENERATED ALWAYS AS IDENTITY, digest bytea NOT NULL, clauses text NOT NULL,
    last_at bigint NOT NULL DEFAULT 0, turns bigint NOT NULL DEFAULT 0, terms bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (context, key), UNIQUE (context, digest)) WITH (fillfactor = 70);
  -- one row for a path and for each of its ancestors, so that a subtree is one equality; own: the path itself
  CREATE TABLE scope_path (
    context bigint, digest bytea, own boolean, scope_set bigint, PRIMARY KEY (context, digest, own, scope_set));

  CREATE TABLE session (
    context bigint, key bigint GENERATED ALWAYS AS IDENTITY, id text NOT NULL, scope_set bigint NOT NULL,
    principal text NOT NULL, external_id text, metadata text NOT NULL, status text NOT NULL,
    last_seq integer NOT NULL, created_at bigint NOT NULL, closed_at bigint,
    PRIMARY KEY (context, key), UNIQUE (context, id)) WITH (fillfactor = 70);
  CREATE UNIQUE INDEX session_external ON session (context, principal, external_id)
    WHERE external_id IS NOT NULL AND status = 'open';
  CREATE INDEX session_scope ON session (context, scope_set, key);

  -- key packs session and position; active: recall may find it now
  CREATE TABLE turn (
    context bigint, key bigint, scope_set bigint NOT NULL, role text NOT NULL, speaker text, text text NOT NULL,
    shown text, terms text NOT NULL, client_id text, ts bigint, said bigint NOT NULL, at bigint NOT NULL,
    first_at bigint NOT NULL, principal text NOT NULL, origin bigint NOT NULL, ended_at bigint, revised_by bigint,
    recalled boolean NOT NULL, held boolean NOT NULL,
    active boolean NOT NULL GENERATED ALWAYS AS (ended_at IS NULL AND recalled AND NOT held) STORED,
    findings text, labels text, PRIMARY KEY (context, key));
  CREATE INDEX turn_order ON turn (context, origin, key) WHERE ended_at IS NULL;
  CREATE INDEX turn_scope ON turn (context, scope_set, active, key);
  CREATE UNIQUE INDEX turn_client ON turn (context, (key >> 22), client_id)
    WHERE client_id IS NOT NULL AND ended_at IS NULL;
  CREATE INDEX turn_held ON turn (context, scope_set, key) WHERE held;
  CREATE TABLE turn_part (context bigint, turn bigint, parts text NOT NULL, PRIMARY KEY (context, turn));
  -- the term index: active turns alone, and all that a lookup needs lies in the key's own index
  CREATE TABLE posting (
    context bigint, term text COLLATE "C", scope_set bigint, turn bigint, count integer NOT NULL, length integer NOT NULL,
    PRIMARY KEY (context, term, scope_set, turn) INCLUDE (count, length));

  -- one quantised vector for a turn, of the model that is in use
  CREATE TABLE vector (
    context bigint, turn bigint, model text NOT NULL, vector bytea NOT NULL, PRIMARY KEY (context, turn));
  CREATE INDEX vector_model ON vector (context, model);

  CREATE TABLE entity (
    context bigint, key bigint GENERATED ALWAYS AS IDENTITY, scope_set bigint NOT NULL, type text NOT NULL,
    name text NOT NULL, normal_name text NOT NULL, category text NOT NULL, created_at bigint NOT NULL,
    updated_at bigint NOT NULL, PRIMARY KEY (context, key), UNIQUE (context, scope_set, type, normal_name));

  CREATE TABLE statement (
    context bigint, row bigint GENERATED ALWAYS AS IDENTITY, scope_set bigint NOT NULL, id text NOT NULL,
    kind text NOT NULL, entity bigint, key text NOT NULL, value text NOT NULL, object bigint, category text NOT NULL,
    polarity text NOT NULL, confidence double precision NOT NULL, valid_from bigint NOT NULL, valid_to bigint,
    at bigint NOT NULL, source text NOT NULL, labels text, turn bigint, order_at bigint NOT NULL,
    origin bigint NOT NULL, held boolean NOT NULL, ended_at bigint, PRIMARY KEY (context, row));
  CREATE INDEX statement_key ON statement (context, scope_set, key);
  CREATE INDEX statement_turn ON statement (context, turn) WHERE turn IS NOT NULL;

  CREATE TABLE fact (
    context bigint, row bigint GENERATED ALWAYS AS IDENTITY, scope_set bigint NOT NULL, id text NOT NULL,
    kind text NOT NULL, entity bigint, key text NOT NULL, value text NOT NULL, normal_value text NOT NULL,
    object bigint, category text NOT NULL, confidence double precision NOT NULL,
    valid_from bigint NOT NULL, valid_to bigint, known_from bigint NOT NULL, known_to bigint,
    created_at bigint NOT NULL, supersedes text, superseded_by text, ended_by text,
    sources text NOT NULL, labels text, PRIMARY KEY (context, row));
  CREATE INDEX fact_live ON fact (context, scope_set, key) WHERE known_to IS NULL;
  CREATE INDEX fact_known ON fact (context, scope_set, known_from);
  CREATE INDEX fact_unknown ON fact (context, scope_set, known_to) WHERE known_to IS NOT NULL;
  CREATE INDEX fact_id ON fact (context, id);
  CREATE TABLE importance (
    context bigint, fact text, value double precision NOT NULL, at bigint NOT NULL, PRIMARY KEY (context, fact));

  CREATE TABLE answer (
    context bigint, ref bytea, fingerprint text NOT NULL, status integer NOT NULL, body text NOT NULL,
    created_at bigint NOT NULL, expires_at bigint NOT NULL, PRIMARY KEY (context, ref));
  CREATE INDEX answer_expiry ON answer (context, expires_at);
  CREATE TABLE trace (
    context bigint, key bigint GENERATED ALWAYS AS IDENTITY, id text NOT NULL, kind text NOT NULL, scope_set bigint,
    principal text NOT NULL, at bigint NOT NULL, data text NOT NULL,
    PRIMARY KEY (context, key), UNIQUE (context, id));
  CREATE INDEX trace_at ON trace (context, at, key);
  `,
  `
  -- traces of reads from here on hold their reasons by column; older ones, which are kept for a time only, go
  DELETE FROM trace WHERE kind = 'retrieval';
  `,
];

/** Every turn with the public id of its session. */
export const TURN = `SELECT turn.*, session.id AS session_id FROM turn
  JOIN session ON session.context = turn.context AND session.key = turn.key >> 22`;

/** A session with the clauses of its scope set. */
export const SESSION = `SELECT session.*, scope_set.clauses FROM session
  JOIN scope_set ON scope_set.context = session.context AND scope_set.key = session.scope_set`;
