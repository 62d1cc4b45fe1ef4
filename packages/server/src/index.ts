export { createApp } from "./app.ts";
export { embedded } from "./embedded.ts";
export { backup, restore, verify } from "./maintain.ts";
export { serve } from "./serve.ts";
export type { AppOptions } from "./app.ts";
export type { EmbeddedOptions, EmbeddedService } from "./embedded.ts";
export type { RunningServer, ServeOptions } from "./serve.ts";
export type { StorePlace } from "./open-store.ts";
