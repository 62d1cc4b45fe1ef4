import { toMemoryError } from "../client/errors.ts";

/** What is used of an OpenTelemetry `Span`. */
export interface MemorySpan {
  setAttribute(key: string, value: string | number | boolean): unknown;
  setStatus(status: { code: number; message?: string }): unknown;
  end(): void;
}

/** What is used of an OpenTelemetry `Tracer`; pass `trace.getTracer("spectron")`. */
export interface MemoryTracer {
  startSpan(
    name: string,
    options?: { attributes?: Record<string, string | number | boolean> },
  ): MemorySpan;
}

/** `SpanStatusCode.ERROR`; the package itself is not needed at run time. */
const ERROR = 2;

/** Runs work inside a span; attributes are counts, flags and codes, so that no content gets into traces. */
export async function withSpan<Value>(
  tracer: MemoryTracer | undefined,
  name: string,
  work: (span: MemorySpan | undefined) => Promise<Value>,
): Promise<Value> {
  const span = tracer?.startSpan(name);
  try {
    return await work(span);
  } catch (error) {
    span?.setStatus({ code: ERROR, message: toMemoryError(error).code });
    throw error;
  } finally {
    span?.end();
  }
}
