/** A default and the most that is accepted. */
interface Bound {
  readonly default: number;
  readonly most: number;
}

export interface Limits {
  readonly bodyBytes: number;
  readonly messages: number;
  readonly contentBytes: number;
  readonly partsBytes: number;
  readonly idLength: number;
  readonly externalIdLength: number;
  readonly k: Bound;
  readonly turns: Bound;
  readonly state: Bound;
  readonly traces: Bound;
  /** What a query forgets by default: destructive, so only what carries most of it. */
  readonly forget: { readonly threshold: number; readonly limit: number };
  readonly labels: number;
  readonly metadataBytes: number;
  readonly queryLength: number;
  readonly contextTokens: Bound;
  readonly idempotencyRetentionMs: number;
}

/** Bounds of the HTTP API (contract 1.5), in one place. */
export const LIMITS: Limits = {
  bodyBytes: 10 * 1024 * 1024,
  messages: 1000,
  contentBytes: 256 * 1024,
  partsBytes: 256 * 1024,
  idLength: 128,
  externalIdLength: 256,
  k: { default: 10, most: 50 },
  turns: { default: 100, most: 500 },
  forget: { threshold: 0.75, limit: 100 },
  traces: { default: 50, most: 500 },
  state: { default: 100, most: 500 },
  labels: 32,
  metadataBytes: 16 * 1024,
  queryLength: 4096,
  contextTokens: { default: 1024, most: 8192 },
  idempotencyRetentionMs: 24 * 60 * 60 * 1000,
};
