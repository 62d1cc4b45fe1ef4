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
export function parseJson(text = ""): unknown {
  try {
    return isDeep(text) ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Counted before parsing: a million levels take seconds to parse. */
function isDeep(text: string): boolean {
  let level = 0;
  let quoted = false;
  for (let index = 0; index < text.length && level <= MOST_LEVELS; index += 1) {
    const sign = text[index] ?? "";
    if (sign === '"') quoted = !quoted;
    else if (quoted) index += sign === "\\" ? 1 : 0;
    else if ("[{".includes(sign)) level += 1;
    else if ("]}".includes(sign)) level -= 1;
  }
  return level > MOST_LEVELS;
}
