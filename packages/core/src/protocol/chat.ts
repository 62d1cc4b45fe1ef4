// Wire shapes of answers that a model writes (contract 7.6, 7.14).

import type { ExtractionResult, IsoTime, Role, ScopeSets } from "./types.ts";

export interface ChatRequest {
  message: string;
  sessionId?: string | undefined;
  scopes?: ScopeSets | undefined;
  model?: string | undefined;
  bypassCache?: boolean | undefined;
  labels?: string[] | undefined;
  suppressMarkers?: boolean | undefined;
}

export interface ChatResponse {
  reply: string;
  sessionId: string;
  traceId: string;
  memoryUpdates: ExtractionResult;
  citations?: Citation[] | undefined;
}

/** What a marker in the reply refers to. */
export interface Citation {
  marker: string | number;
  id: string;
  kind: string;
  snippet: string;
  score: number;
  role?: Role | undefined;
  occurredAt?: IsoTime | undefined;
  documentTitle?: string | undefined;
  positionPercent?: number | undefined;
}

export interface ReflectRequest {
  query: string;
  /** Stores what was concluded. */
  persist?: boolean | undefined;
}

export interface ReflectResponse {
  reflection: string;
  evidence: string[];
  persistedAttributes: ExtractionResult["attributes"];
  traceId: string;
}
