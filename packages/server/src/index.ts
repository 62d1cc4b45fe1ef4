export { createApp } from "./app.ts";
export { embedded } from "./embedded.ts";
export { serve } from "./serve.ts";
export { fromEmbeddingModel, fromEmbeddings } from "@spectron/engine";
export type { Embedder, EmbeddingProgress, Generator } from "@spectron/engine";
export type { AppOptions } from "./app.ts";
export type { EmbeddedOptions, EmbeddedService } from "./embedded.ts";
export type { RunningServer, ServeOptions } from "./serve.ts";
