#!/usr/bin/env node
import { createProgram } from "./program.ts";

await createProgram({
  out: (line) => process.stdout.write(`${line}\n`),
  error: (line) => process.stderr.write(`${line}\n`),
  onStop: (stop) => {
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
  },
  fail: () => {
    process.exitCode = 1;
  },
}).parseAsync();
