export { createApp } from "./app.ts";
export { embedded } from "./embedded.ts";
export { serve } from "./serve.ts";
export { readConfig } from "./spectron-config.ts";
export type { SpectronConfig } from "./spectron-config.ts";
export type { AppOptions } from "./app.ts";
export type { EmbeddedOptions, EmbeddedService } from "./embedded.ts";
export type { RunningServer, ServeOptions } from "./serve.ts";
