import type { LoopShare } from "../loop-share.ts";
import { INJECTION_RULES } from "./injection.ts";

let compiled: Promise<void> | undefined;

/**
 * Runs every pattern before a text needs it: the runtime compiles one when it first runs, and again, for speed, when it
 * runs a second time. All of them at once would hold up the event loop for a tenth of a second each time.
 */
export async function compileInjections(share: LoopShare): Promise<void> {
  compiled ??= compile(share);
  return compiled;
}

async function compile(share: LoopShare): Promise<void> {
  for (let round = 0; round < 2; round += 1)
    for (const { pattern } of INJECTION_RULES) {
      for (const match of "".matchAll(pattern)) void match;
      await share.rest();
    }
}
