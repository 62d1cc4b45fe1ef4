/** One server-sent event: named in the Responses API, unnamed in Chat Completions. */
export interface WireEvent {
  readonly event?: string | undefined;
  readonly data: unknown;
}

/** Creation time in every answer; fixed, so that the same request gives the same bytes. */
export const createdAt = 1_767_225_600;

/** Both APIs' answers: the whole body, or the events of a stream. */
export interface WireAnswer {
  readonly body: unknown;
  readonly events: readonly WireEvent[];
}
