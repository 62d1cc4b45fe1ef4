/**
 * Remembers what was asked for under a key, the newest so many. A failure is not an answer: the next caller asks again.
 */
export function createMemo<Value>(
  most: number,
): (key: string, ask: () => Promise<Value>) => Promise<Value> {
  const known = new Map<string, Promise<Value>>();
  return async (key, ask) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const asked = ask();
    known.set(key, asked);
    if (known.size > most) known.delete(known.keys().next().value ?? "");
    asked.catch(() => known.delete(key));
    return asked;
  };
}
