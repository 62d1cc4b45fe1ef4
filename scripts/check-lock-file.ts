import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The part of `package-lock.json` that the check reads. */
export interface LockFile {
  packages: Record<string, LockedPackage>;
}

/** One entry of the lock file. */
export interface LockedPackage {
  link?: boolean;
  resolved?: string;
  optionalDependencies?: Record<string, string>;
}

/** Lists what makes a lock file incomplete on another platform or tied to one registry. */
export function lockFileProblems(lock: LockFile): string[] {
  const locked = new Set(
    Object.keys(lock.packages).map((path) => path.split("node_modules/").at(-1) ?? path),
  );
  return Object.entries(lock.packages).flatMap(([path, entry]) => {
    const owner = path === "" ? "the root package" : path;
    const missing = Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => !locked.has(name))
      .map((name) => `${name}, an optional dependency of ${owner}, is missing.`);
    const hasAddress = entry.resolved !== undefined && entry.link !== true;
    return missing.concat(hasAddress ? `${owner} has a "resolved" address.` : []);
  });
}

if (process.argv[1] === import.meta.filename) {
  const text = readFileSync(join(import.meta.dirname, "../package-lock.json"), "utf8");
  const problems = lockFileProblems(JSON.parse(text) as LockFile);
  for (const problem of problems) console.error(`package-lock.json: ${problem}`);
  if (problems.length > 0) {
    console.error(
      "Pin a version whose platform packages the registry has, keep omit-lockfile-registry-resolved in .npmrc, and run npm install.",
    );
    process.exitCode = 1;
  }
}
