import { latinLanguage, scriptLanguage, stemsOf } from "./language.ts";

const WORD = /[\p{L}\p{N}]+(?:'\p{L}+)*/gu;
const LATIN = /^[a-z0-9]+$/;
/** Scripts that put no blanks between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}\p{Script=Myanmar}]/u;
/** The article and the conjunction that Arabic writes onto the word. */
const ARABIC_PREFIX = /^و?ال(?=\p{Script=Arabic}{3})/u;
const SEGMENTER: Intl.Segmenter = /* @__PURE__ */ new Intl.Segmenter("und", {
  granularity: "word",
});

/** Lower case without accents, ligatures, vowel marks and typographic apostrophes. */
export function fold(text: string): string {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[\p{M}\u0640]/gu, "")
    .replaceAll("ß", "ss")
    .replaceAll(/[\u2018\u2019\u02BC\uFF07]/gu, "'");
}

/** Index terms of a text, in order: folded, without stop words, stemmed in its language; scripts without blanks are segmented. */
export function analyze(text: string): string[] {
  const words = Array.from(fold(text).matchAll(WORD), ([word]) => withoutApostrophe(word));
  const language = latinLanguage(words);
  const terms: string[] = [];
  for (const word of words) {
    if (LATIN.test(word)) {
      if (!language.isStop(word)) terms.push(language.stem(word));
    } else if (UNSPACED.test(word)) {
      terms.push(...segments(word));
    } else if (word !== "") {
      terms.push(scriptLanguage(word).stem(word.replace(ARABIC_PREFIX, "")));
    }
  }
  return terms;
}

/** Index terms that a name may be in texts of different languages. */
export function nameTerms(name: string): Set<string> {
  const words = Array.from(fold(name).matchAll(WORD), ([word]) => withoutApostrophe(word));
  return new Set([...analyze(name), ...words.flatMap((word) => [...stemsOf(word)])]);
}

/** "Ann's" is Ann, "I'm" is I, "don't" is nothing, "l'amour" is amour. */
function withoutApostrophe(word: string): string {
  const at = word.indexOf("'");
  if (at < 0) return word;
  if (word.endsWith("n't")) return "";
  const rest = word.slice(at + 1);
  return at <= 2 && rest.length > 2 ? rest.replaceAll("'", "") : word.slice(0, at);
}

/** Words as the segmenter cuts them, and the pairs inside longer ones: a question may be cut differently. */
function segments(text: string): string[] {
  const terms: string[] = [];
  for (const { segment, isWordLike } of SEGMENTER.segment(text)) {
    if (isWordLike !== true) continue;
    const letters = Array.from(segment);
    terms.push(segment);
    if (letters.length > 2)
      for (let at = 0; at + 1 < letters.length; at += 1)
        terms.push(`${letters[at] ?? ""}${letters[at + 1] ?? ""}`);
  }
  return terms;
}
