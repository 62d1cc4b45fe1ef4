/** What must hold in every store at any moment, as a count of what breaks it, in SQL that both dialects read. */
export const INVARIANTS: readonly { readonly rule: string; readonly sql: string }[] = [
  {
    rule: "the positions of a session are 1 to its last, without gaps",
    sql: `SELECT count(*) AS n FROM session WHERE last_seq <> (SELECT count(*) FROM turn
        WHERE turn.context = session.context AND turn.key > session.key * 4194304 AND turn.key < (session.key + 1) * 4194304)
      OR last_seq <> (SELECT coalesce(max(turn.key) - session.key * 4194304, 0) FROM turn
        WHERE turn.context = session.context AND turn.key > session.key * 4194304 AND turn.key < (session.key + 1) * 4194304)`,
  },
  {
    rule: "a turn belongs to a session",
    sql: `SELECT count(*) AS n FROM turn WHERE NOT EXISTS (SELECT 1 FROM session
      WHERE session.context = turn.context AND session.key = turn.key >> 22)`,
  },
  {
    rule: "a message id names one present turn",
    sql: `SELECT count(*) AS n FROM (SELECT 1 AS one FROM turn WHERE client_id IS NOT NULL AND ended_at IS NULL
      GROUP BY context, key >> 22, client_id HAVING count(*) > 1) AS twice`,
  },
  {
    rule: "a revised turn names a version of the same message",
    sql: `SELECT count(*) AS n FROM turn WHERE revised_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM turn AS later
      WHERE later.context = turn.context AND later.key = turn.revised_by AND later.origin = turn.origin)`,
  },
  {
    rule: "parts belong to a turn",
    sql: `SELECT count(*) AS n FROM turn_part WHERE NOT EXISTS (SELECT 1 FROM turn WHERE turn.key = turn_part.turn)`,
  },
  {
    rule: "vectors belong to a turn",
    sql: `SELECT count(*) AS n FROM vector WHERE NOT EXISTS (SELECT 1 FROM turn
      WHERE turn.context = vector.context AND turn.key = vector.turn)`,
  },
  {
    rule: "a fact has at most one believed version",
    sql: `SELECT count(*) AS n FROM (SELECT 1 AS one FROM fact WHERE known_to IS NULL
      GROUP BY context, id HAVING count(*) > 1) AS twice`,
  },
  {
    rule: "belief does not end before it begins",
    sql: "SELECT count(*) AS n FROM fact WHERE known_to < known_from",
  },
  {
    rule: "facts name entities that exist",
    sql: `SELECT count(*) AS n FROM fact
      WHERE entity IS NOT NULL AND NOT EXISTS (SELECT 1 FROM entity WHERE entity.key = fact.entity)
      OR object IS NOT NULL AND NOT EXISTS (SELECT 1 FROM entity WHERE entity.key = fact.object)`,
  },
  {
    rule: "statements belong to a turn that is stored",
    sql: `SELECT count(*) AS n FROM statement WHERE turn IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM turn WHERE turn.key = statement.turn)`,
  },
  ...["session", "turn", "fact", "statement", "entity"].map((table) => ({
    rule: `the scopes of every ${table} exist`,
    sql: `SELECT count(*) AS n FROM ${table} WHERE NOT EXISTS (SELECT 1 FROM scope_set WHERE scope_set.key = ${table}.scope_set)`,
  })),
  {
    rule: "counters tell what recall may find",
    sql: `SELECT count(*) AS n FROM scope_set WHERE turns <> (SELECT count(*) FROM turn
      WHERE turn.context = scope_set.context AND turn.scope_set = scope_set.key
        AND ended_at IS NULL AND CASE WHEN recalled THEN 1 ELSE 0 END = 1 AND CASE WHEN held THEN 1 ELSE 0 END = 0)`,
  },
];
