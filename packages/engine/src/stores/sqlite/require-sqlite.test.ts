import { expect, test } from "vitest";
import { requireSqlite } from "./require-sqlite.ts";

test.each(["20.20.2", "22.13.0", "22.15.1"])(
  "Node %s is too old for memory in a file",
  (version) => {
    expect(() => {
      requireSqlite(version);
    }).toThrow(`needs Node 22.16 or newer with node:sqlite; this is Node ${version}.`);
  },
);

test.each(["22.16.0", "24.0.0", process.versions.node])(
  "Node %s keeps memory in a file",
  (version) => {
    expect(() => {
      requireSqlite(version);
    }).not.toThrow();
  },
);
