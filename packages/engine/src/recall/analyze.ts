import { stemmer } from "stemmer";

const STOP: ReadonlySet<string> = /* @__PURE__ */ new Set(
  "a an the and or but if so as at by for from in into of on off out over to up with about than then too very just i me my mine myself you your yours he him his she her hers it its we us our ours they them their theirs this that these those there here is am are was were be been being do does did doing done have has had having can could will would shall should may might must not no nor what which who whom whose when where why how t s m re ve ll d".split(
    " ",
  ),
);

const IRREGULAR: ReadonlyMap<string, string> = /* @__PURE__ */ new Map(
  "went:go gone:go bought:buy took:take taken:take made:make said:say told:tell saw:see seen:see met:meet got:get gave:give given:give ate:eat eaten:eat drank:drink ran:run swam:swim wrote:write written:write read:read left:leave lost:lose won:win found:find felt:feel kept:keep taught:teach thought:think brought:bring began:begin begun:begin chose:choose chosen:choose drove:drive flew:fly grew:grow knew:know sang:sing slept:sleep spoke:speak spent:spend built:build sold:sell sent:send children:child people:person mice:mouse men:man women:woman feet:foot"
    .split(" ")
    .map((pair) => pair.split(":") as [string, string]),
);

const LATIN = /^[a-z0-9]+$/;

/** Index terms of a text, in order: folded, without stop words, stemmed; scripts without blanks are segmented. */
export function analyze(text: string): string[] {
  const folded = text
    .toLowerCase()
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[’‘]/g, "'");
  const terms: string[] = [];
  for (const match of folded.matchAll(/[\p{L}\p{N}]+(?:'[\p{L}]+)?/gu)) {
    const word = match[0].replace(/'s$/, "").replace(/'.*$/, "");
    if (LATIN.test(word)) {
      if (!STOP.has(word)) terms.push(stem(word));
    } else if (
      /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u.test(word)
    ) {
      for (const part of new Intl.Segmenter(undefined, { granularity: "word" }).segment(word))
        if (part.isWordLike === true) terms.push(part.segment);
    } else if (word !== "") {
      terms.push(word);
    }
  }
  return terms;
}

function stem(word: string): string {
  return stemmer(IRREGULAR.get(word) ?? word);
}
