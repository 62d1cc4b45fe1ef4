import { crc32 } from "node:zlib";

/** One entry of a log as a line: a checksum, then JSON, which holds no line end. */
export function writeLine(entry: unknown): string {
  const text = JSON.stringify(entry);
  return `${checksum(text)} ${text}\n`;
}

/** The entries whose checksum is right, and how many lines are damaged; the torn end of a killed write counts as none. */
export function readLines(text: string): { entries: unknown[]; damaged: number } {
  const lines = text.split("\n");
  const torn = lines.pop() ?? "";
  const entries: unknown[] = [];
  let damaged = 0;
  for (const line of torn === "" ? lines : [...lines, torn]) {
    if (line === "") continue;
    if (line.slice(0, 8) === checksum(line.slice(9))) entries.push(JSON.parse(line.slice(9)));
    else if (line !== torn) damaged += 1;
  }
  return { entries, damaged };
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}
