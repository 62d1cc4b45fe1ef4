import { analyze } from "./analyze.ts";

/** Turns longer than this are shown by their best stretch: a page of text would use up a whole budget. */
const LONG = 640;
/** Longest piece of a text that counts as one sentence. */
const LONGEST_SENTENCE = 320;
/** What a word that was already found is still worth. */
const REPEATED = 0.2;
const SENTENCES: Intl.Segmenter = /* @__PURE__ */ new Intl.Segmenter("und", {
  granularity: "sentence",
});

/** A sentence of a long text. */
export interface Piece {
  text: string;
  terms: readonly string[];
}

/**
 * What is shown of a text: all of a short one; of a long one the whole sentences that hold most of what is asked and
 * what stands around them, with `…` for what is left out. A leading `Name: ` stays.
 */
export function excerpt(
  text: string,
  speaker: string | null,
  weights: ReadonlyMap<string, number>,
  pieces: readonly Piece[] = cutPieces(text, speaker),
): string {
  if (text.length <= LONG) return text;
  const lead = leadOf(text, speaker);
  const room = LONG - lead.length;
  let { from, to } = bestStretch(pieces, weights, room);
  let size = pieces.slice(from, to).reduce((sum, piece) => sum + piece.text.length, 0);
  const take = (piece: Piece | undefined): boolean => {
    if (piece === undefined || size + piece.text.length > room) return false;
    size += piece.text.length;
    return true;
  };
  for (;;) {
    const after = take(pieces[to]);
    if (after) to += 1;
    const before = take(pieces[from - 1]);
    if (before) from -= 1;
    if (!after && !before) break;
  }
  const shown = pieces
    .slice(from, to)
    .map((piece) => piece.text)
    .join("")
    .trim();
  return `${lead}${from > 0 ? "… " : ""}${shown}${to < pieces.length ? " …" : ""}`;
}

/** The shortest stretch of the highest worth that fits, the earliest of equals. */
function bestStretch(
  pieces: readonly Piece[],
  weights: ReadonlyMap<string, number>,
  room: number,
): { from: number; to: number } {
  let best = { from: 0, to: 1, worth: 0, size: 0 };
  for (const from of pieces.keys()) {
    const found = new Set<string>();
    let size = 0;
    let worth = 0;
    for (let to = from; to < pieces.length; to += 1) {
      size += pieces[to]?.text.length ?? 0;
      if (size > room) break;
      for (const term of pieces[to]?.terms ?? []) {
        worth += (weights.get(term) ?? 0) * (found.has(term) ? REPEATED : 1);
        found.add(term);
      }
      if (worth > best.worth || (worth === best.worth && worth > 0 && size < best.size))
        best = { from, to: to + 1, worth, size };
    }
  }
  return best;
}

/** The sentences of a long text, each with its terms; nothing for a short one. */
export function cutPieces(text: string, speaker: string | null): readonly Piece[] {
  if (text.length <= LONG) return [];
  return cutSentences(text.slice(leadOf(text, speaker).length)).map((piece) => ({
    text: piece,
    terms: [...new Set(analyze(piece))],
  }));
}

function leadOf(text: string, speaker: string | null): string {
  return speaker !== null && text.startsWith(`${speaker}: `) ? `${speaker}: ` : "";
}

function cutSentences(text: string): string[] {
  return Array.from(SENTENCES.segment(text), ({ segment }) => segment).flatMap((sentence) =>
    sentence.length <= LONGEST_SENTENCE ? [sentence] : cutWords(sentence),
  );
}

function cutWords(sentence: string): string[] {
  const pieces: string[] = [];
  let rest = sentence;
  while (rest.length > LONGEST_SENTENCE) {
    const blank = rest.lastIndexOf(" ", LONGEST_SENTENCE);
    const at = blank > 0 ? blank + 1 : LONGEST_SENTENCE;
    pieces.push(rest.slice(0, at));
    rest = rest.slice(at);
  }
  return [...pieces, rest];
}
