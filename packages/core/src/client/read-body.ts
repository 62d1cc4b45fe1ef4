/** Nesting that an answer may have; deeper values overflow the stack of what walks them later. */
const MOST_LEVELS = 1000;

/**
 * The body as text, or `undefined` when it is not UTF-8 or, unpacked, longer than `most` bytes: it is counted while
 * it arrives, because a few packed kilobytes can hold gigabytes.
 */
export async function readBody(response: Response, most: number): Promise<string | undefined> {
  const reader = response.body?.getReader();
  // a mark of byte order is no part of JSON, so it is kept and refused
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  let left = most;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    try {
      if (done) return text + decoder.decode();
      left -= value.byteLength;
      if (left < 0) throw new RangeError("too long");
      text += decoder.decode(value, { stream: true });
    } catch {
      void reader?.cancel().catch(() => undefined);
      return undefined;
    }
  }
}

/** The value that the text holds; `undefined` when it is no JSON or nested too deeply to be handled. */
export function parseJson(text: string | undefined): unknown {
  try {
    const value = JSON.parse(text ?? "") as unknown;
    return isDeep(value, MOST_LEVELS) ? undefined : value;
  } catch {
    return undefined;
  }
}

function isDeep(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeep(item, levels - 1));
}
