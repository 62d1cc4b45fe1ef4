/** Bounds of the HTTP API (contract 1.5), in one place. */
export const LIMITS = {
  bodyBytes: 10 * 1024 * 1024,
  messages: 1000,
  contentBytes: 256 * 1024,
  idLength: 128,
  externalIdLength: 256,
  k: { default: 10, most: 50 },
  turns: { default: 100, most: 500 },
  state: { default: 100, most: 500 },
  labels: 32,
  metadataBytes: 16 * 1024,
  queryLength: 4096,
  contextTokens: { default: 1024, most: 8192 },
  idempotencyRetentionMs: 24 * 60 * 60 * 1000,
} as const;
