import { isBuiltin } from "node:module";
import { EngineError } from "../../model/errors.ts";

/** The first Node whose own SQLite has the full-text index and the online copy. */
const OLDEST = { major: 22, minor: 16 } as const;

/** @throws EngineError `node_too_old` on a Node without the SQLite that memory in a file needs. */
export function requireSqlite(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isNew = major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
  if (isNew && isBuiltin("node:sqlite")) return;
  throw new EngineError(
    "node_too_old",
    `Memory in a file needs Node ${OLDEST.major}.${OLDEST.minor} or newer with node:sqlite; this is Node ${version}.`,
  );
}
