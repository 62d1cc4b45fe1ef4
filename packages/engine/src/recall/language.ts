import { stemmer as arabic } from "@orama/stemmers/arabic";
import { stemmer as dutch } from "@orama/stemmers/dutch";
import { stemmer as french } from "@orama/stemmers/french";
import { stemmer as german } from "@orama/stemmers/german";
import { stemmer as greek } from "@orama/stemmers/greek";
import { stemmer as italian } from "@orama/stemmers/italian";
import { stemmer as portuguese } from "@orama/stemmers/portuguese";
import { stemmer as russian } from "@orama/stemmers/russian";
import { stemmer as spanish } from "@orama/stemmers/spanish";
import { stem as english } from "./stem.ts";

/** How the words of one language become index terms. */
export interface Language {
  /** Words that say nothing about what a text is about. */
  isStop(word: string): boolean;
  stem(word: string): string;
}

const ENGLISH_STOP =
  "a an the and or but if so as at by for from in into of on off out over to up with about than then too very just " +
  "i me my mine myself you your yours he him his she her hers it its we us our ours they them their theirs this that " +
  "these those there here is am are was were be been being do does did doing done have has had having can could will " +
  "would shall should may might must not no nor what which who whom whose when where why how t s m re ve ll d";

/** Function words that are English words or names too: they are left out, but tell no language. */
const AMBIGUOUS: ReadonlySet<string> = /* @__PURE__ */ new Set(
  (
    "a an am as also at ben bin by chi come con de den des die do dos du el elle era est et has hat he her hier in is " +
    "it la le les lo ma mal man me mi mia mis mit mon no nos of on or os over per plus pour sans son so su sur te ten ti " +
    "to ton tu un van vi von voor war was we wit ya yo"
  ).split(" "),
);

/** Function words, folded. */
const LATIN: readonly { stop: string; stem: (word: string) => string }[] = [
  {
    stop:
      "ich du er sie es wir ihr mich mir dich dir ihm ihn uns euch mein meine meinen meiner meinem dein deine sein seine " +
      "unser der die das den dem des ein eine einen einem einer und oder aber nicht kein keine ist sind war waren bin bist " +
      "hat habe haben hatte wird werden wurde wie wo wer wann warum was welche welcher welches zu zum zur im in an am auf " +
      "aus bei mit nach von vom seit fur uber unter vor auch noch nur schon sehr dass als wenn weil hier dort jetzt mal ja",
    stem: german,
  },
  {
    stop:
      "je tu il elle nous vous ils elles me te se mon ma mes ton ta tes son sa ses notre votre leur leurs le la les un une " +
      "des du de et ou mais ne pas est sont etait suis es ai as avons avez ont avait qui que quoi quel quelle quels quelles " +
      "quand comment pourquoi ou dans sur sous avec sans pour par chez au aux ce cet cette ces y en tres aussi plus",
    stem: french,
  },
  {
    stop:
      "yo tu el ella nosotros vosotros ellos ellas me te se mi mis tus su sus nuestro el la los las un una unos unas y o " +
      "pero no es son era soy eres estoy esta estan he ha han habia que quien cual cuales cuando como donde por para con " +
      "sin sobre entre de del en al lo le les muy tambien mas este esta estos ese esa",
    stem: spanish,
  },
  {
    stop:
      "io tu lui lei noi voi loro mi ti si ci vi mio mia miei mie tuo tua suo sua il lo la i gli le un uno una e o ma non " +
      "sono sei siamo era ho hai ha abbiamo hanno che chi quale quali quando come dove perche di del della dei delle a al " +
      "alla da dal in nel nella con su per tra questo questa quello molto anche piu",
    stem: italian,
  },
  {
    stop:
      "eu tu ele ela nos voces eles elas me te se meu minha meus minhas teu tua seu sua o a os as um uma e ou mas nao " +
      "sao era sou estou esta estao tenho tem que quem qual quais quando como onde porque de do da dos das em no na nos " +
      "nas com sem sobre por para muito tambem mais este esta esse essa isso",
    stem: portuguese,
  },
  {
    stop:
      "ik jij je hij zij ze wij we jullie mij mijn jouw zijn haar ons onze de het een en of maar niet geen is was ben bent " +
      "heb hebt heeft hebben had wordt worden wie wat waar wanneer waarom hoe welke te in op aan uit bij met naar van voor " +
      "over ook nog al heel erg dat dit deze die als",
    stem: dutch,
  },
];

const ENGLISH: Language = /* @__PURE__ */ language(ENGLISH_STOP, english);
const OTHERS: readonly Language[] = /* @__PURE__ */ LATIN.map(({ stop, stem }) =>
  language(stop, stem),
);
const NONE: Language = { isStop: () => false, stem: (word) => word };

/** Scripts that one stemmer serves well enough for all who write in them. */
const SCRIPTS: readonly (readonly [RegExp, Language])[] = /* @__PURE__ */ [
  [/^\p{Script=Arabic}+$/u, language("", arabic)],
  [/^\p{Script=Cyrillic}+$/u, language("", russian)],
  [/^\p{Script=Greek}+$/u, language("", greek)],
];

/** Function words that decide: fewer tell nothing in a longer text. */
const ENOUGH = 2;

/** The language of a text's folded Latin words, by their function words; English when they do not tell. */
export function latinLanguage(words: readonly string[]): Language {
  let forEnglish = 0;
  const votes = OTHERS.map(() => 0);
  for (const word of words) {
    if (ENGLISH.isStop(word)) forEnglish += 1;
    else
      for (const [at, other] of OTHERS.entries())
        if (other.isStop(word) && !AMBIGUOUS.has(word)) votes[at] = (votes[at] ?? 0) + 1;
  }
  const most = Math.max(...votes);
  if (most <= forEnglish || (most < ENOUGH && words.length > 6)) return ENGLISH;
  return OTHERS[votes.indexOf(most)] ?? ENGLISH;
}

/** The language that a word in another script than Latin is stemmed in. */
export function scriptLanguage(word: string): Language {
  return SCRIPTS.find(([script]) => script.test(word))?.[1] ?? NONE;
}

/** What a word may have become in texts of different languages. */
export function stemsOf(word: string): Set<string> {
  return new Set([ENGLISH, ...OTHERS, scriptLanguage(word)].map((known) => known.stem(word)));
}

function language(stop: string, stem: (word: string) => string): Language {
  const words = new Set(stop.split(" "));
  return { isStop: (word) => words.has(word), stem };
}
