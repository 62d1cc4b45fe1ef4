// Prints one key per line of JSON it is given: another process, in another time zone and language.
import { createInterface } from "node:readline";
import { idempotencyKey } from "../src/identity/key.ts";
import type { KeyMaterial } from "../src/identity/key.ts";

for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(`${await idempotencyKey(JSON.parse(line) as KeyMaterial)}\n`);
