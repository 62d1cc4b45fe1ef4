export { ConfigError } from "./load-config.ts";
export { createProgram } from "./program.ts";
export type { Terminal } from "./program.ts";
