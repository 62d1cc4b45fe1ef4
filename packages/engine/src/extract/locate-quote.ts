import type { TextSpan } from "@spectron/core/protocol";

/** A text made comparable, and where each of its units was in the original. */
export interface ComparableText {
  original: string;
  text: string;
  offsets: readonly number[];
}

/** Compares without case, width, kind of quotation mark and length of blanks. */
export function comparable(original: string): ComparableText {
  let text = "";
  const offsets: number[] = [];
  let at = 0;
  for (const character of original) {
    for (const unit of fold(character)) {
      if (unit === " " && (text === "" || text.endsWith(" "))) continue;
      text += unit;
      for (let i = 0; i < unit.length; i += 1) offsets.push(at);
    }
    at += character.length;
  }
  offsets.push(original.length);
  return { original, text, offsets };
}

/** The comparable form alone. */
export function plain(text: string): string {
  return comparable(text).text.trim();
}

/** Where the text holds the quote, in the text's own words; `near` only chooses between equal places. */
export function locateQuote(
  text: ComparableText,
  quote: string,
  near = 0,
): { quote: string; span: TextSpan } | null {
  const needle = plain(quote);
  if (needle === "") return null;
  let best: TextSpan | null = null;
  for (let at = text.text.indexOf(needle); at >= 0; at = text.text.indexOf(needle, at + 1)) {
    const start = text.offsets[at] ?? 0;
    if (best !== null && Math.abs(best.start - near) <= Math.abs(start - near)) break;
    best = { start, end: text.offsets[at + needle.length] ?? text.original.length };
  }
  if (best === null) return null;
  const found = text.original.slice(best.start, best.end).trimEnd();
  return { quote: found, span: { start: best.start, end: best.start + found.length } };
}

function fold(text: string): string {
  // most characters are plain, and the rules below are slow one by one
  if (/^[!-_a-~]$/u.test(text)) return text.toLowerCase();
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[‘’ʼ`´]/gu, "'")
    .replaceAll(/[“”«»]/gu, '"')
    .replaceAll(/[‐‑‒–—]/gu, "-")
    .replaceAll(/\s/gu, " ");
}
