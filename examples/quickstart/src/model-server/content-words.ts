const stopWords: ReadonlySet<string> = /* @__PURE__ */ new Set(
  (
    "a about am an and any are as at be been but by can could did do does for from had has have he her his how " +
    "i if in is it its me my of on or our remember remind say said she so tell that the their them there they " +
    "this to us user assistant was we were what when where which who whose why will with would you your"
  ).split(" "),
);

function stem(word: string): string {
  if (word.length > 5 && word.endsWith("ing")) return word.slice(0, -3);
  if (word.length > 4 && word.endsWith("ed")) return word.slice(0, -2);
  if (word.length > 4 && word.endsWith("es")) return word.slice(0, -2);
  if (word.length > 3 && word.endsWith("e")) return word.slice(0, -1);
  return word.length > 3 && word.endsWith("s") ? word.slice(0, -1) : word;
}

/** The words of a text that carry meaning, without endings, so that "visited" meets "visit". */
export function contentWords(text: string): ReadonlySet<string> {
  const words =
    text
      .toLowerCase()
      .replace(/['’]s\b/g, "")
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(words.filter((word) => !stopWords.has(word)).map(stem));
}
