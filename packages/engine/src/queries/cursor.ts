import { EngineError } from "../model/errors.ts";

/** An opaque position in one list: the list's name and filters, then where it stands. */
export function encodeCursor(list: readonly string[], position: readonly number[]): string {
  return Buffer.from(JSON.stringify([list, position])).toString("base64url");
}

/**
 * Reads a position back.
 *
 * @throws EngineError `cursor_invalid` for a cursor of another list or other filters.
 */
export function decodeCursor(list: readonly string[], cursor: string, size: number): number[] {
  try {
    const [name, position] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as [
      unknown,
      unknown,
    ];
    if (
      JSON.stringify(name) === JSON.stringify(list) &&
      Array.isArray(position) &&
      position.length === size &&
      position.every((value) => Number.isSafeInteger(value) && value >= 0)
    )
      return position as number[];
  } catch {
    // said below
  }
  throw new EngineError("cursor_invalid", "This cursor belongs to another list or other filters.");
}
