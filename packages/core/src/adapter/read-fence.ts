import { atMarkers, CLOSE, INTRO, OPEN } from "./fence.ts";

const OUR_BLOCK = new RegExp(
  `${OPEN}\n${INTRO.replaceAll(".", "\\.")}\n([\\s\\S]*?)\n${CLOSE}`,
  "g",
);

/** What stands inside the fences of a text, as it was put in. */
export function readFence(text: string): string[] {
  return [...text.matchAll(OUR_BLOCK)].map(([, data = ""]) => unescapeMarkers(data));
}

function unescapeMarkers(text: string): string {
  return atMarkers(text, (found) => {
    if (found.startsWith("&amp;")) return `&${found.slice("&amp;".length)}`;
    const code = /^&#x([0-9a-f]+);$/.exec(found)?.[1];
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
    return found === "&lt;" ? "<" : found;
  });
}
