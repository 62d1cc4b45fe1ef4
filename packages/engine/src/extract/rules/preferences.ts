import { HOBBIES } from "../lexicon.ts";
import type { FactRule } from "../rule.ts";
import { inLexicon, taste } from "../values.ts";

const LIKE =
  "(?:{DO}(?: do)? (?:like|love|enjoy|adore)|[Ii](?:'m|m| am)(?: also| really| totally| still)? (?:a (?:big |huge |massive |real |lifelong )?fan of|fond of|passionate about|crazy about|obsessed with|(?:really |very )?into|keen on|interested in)|{HAVE} (?:always had )?an? (?:great |real |lifelong |deep )?(?:love|passion|soft spot) for|(?:[Ii]'ve|[Ii] have) always (?:liked|loved|enjoyed))";
const DISLIKE =
  "(?:{DO} (?:dislike|hate|detest|despise|loathe|can't stand|cannot stand|can't bear|don't(?: really| particularly)? (?:like|enjoy|care for)|do not (?:like|enjoy))|{AM} not (?:a (?:big |huge )?fan of|into|fond of|keen on))";
const ANYMORE = "(?: anymore| any more| any longer)";
const DIET =
  "(?<v>vegan|vegetarian|pescatarian|pescetarian|flexitarian|lacto-vegetarian|fruitarian|carnivore|keto|paleo|gluten-free|gluten free|dairy-free|dairy free|halal|kosher|low-carb|low carb|plant-based|raw vegan)";

const SPELLINGS: Readonly<Record<string, string>> = {
  colour: "color",
  movies: "movie",
  film: "movie",
  foods: "food",
  books: "book",
  dish: "food",
  meal: "food",
};

function favoriteKey(groups: Readonly<Record<string, string | undefined>>): string | null {
  const thing = (groups["thing"] ?? "").toLowerCase().trim();
  if (
    /^(?:part|excuse|joke|bug|mistake|word|thing|things|one|ones|kind|type|way|memory|bit|aspect|moment|place to|time)\b/u.test(
      thing,
    )
  )
    return null;
  const words = thing.split(" ").map((word) => SPELLINGS[word] ?? word);
  return `favorite_${words.join("_")}`;
}

function favorite(value: string): string | null {
  const words = value.trim();
  if (words.split(" ").length > 7) return null;
  return /^(?:definitely|probably|the one|that|this|when|how|what|it|also|not|to|because|so|still|always|actually|just|hard|very|really|a tie|between|by|from|in|on|at)\b|\b(?:you|your|this|these|those|it|its|there|here)\b/iu.test(
    words,
  )
    ? null
    : words;
}

function preferred(value: string): string | null {
  const words = value.trim().replace(/^to /u, "");
  if (words.split(" ").length > 8) return null;
  return /^(?:not|that|this|it|when|if|the (?:first|second|latter|former|one|other)|your|option|be called)\b|\b(?:this|that|these|those|it|one)$/iu.test(
    words,
  )
    ? null
    : words;
}

function avoided(value: string): string | null {
  const item = taste(value);
  return item === null ||
    /^(?:now|and|or|today|yet|at|before|after|out|breakfast|lunch|dinner|well|late|early|enough|properly|right)\b/iu.test(
      item,
    )
    ? null
    : item;
}

/** Likes, dislikes, favourites, diet and pastimes. */
export const PREFERENCE_RULES: readonly FactRule[] = [
  {
    pattern: `${LIKE} (?<v>{NP}){STOP}`,
    key: "likes",
    category: "knowledge",
    list: true,
    accept: taste,
  },
  {
    pattern: `${DISLIKE} (?<v>{NP}){STOP}(?!${ANYMORE})`,
    key: "dislikes",
    category: "knowledge",
    list: true,
    accept: taste,
  },
  {
    pattern: "{DO} prefer (?<v>{NP}){STOP}",
    key: "prefers",
    category: "knowledge",
    accept: preferred,
  },
  {
    pattern:
      "{MY} (?:(?:all-time |absolute |personal )?favou?rite) (?<thing>[a-z]+(?: [a-z]+){0,2}?)(?: of all time)?(?: is|'s| are| has always been) (?:definitely |probably |still |also |now )?(?<v>{NP}){STOP}",
    key: favoriteKey,
    category: "knowledge",
    accept: favorite,
  },
  {
    pattern:
      "(?<v>(?:[A-Z]|[a-z])[\\p{L}' -]{2,30}?) (?:is|are) my (?:all-time |absolute )?favou?rite (?<thing>[a-z]+(?: [a-z]+)?){END}",
    key: favoriteKey,
    category: "knowledge",
    accept: subject,
  },
  {
    pattern: `(?:{AM}|{HAVE} been)(?: a| an| strictly| mostly)? ${DIET}(?=\\s*(?:[.,;!]|$|\\s(?:and|but|so|now|since|for|who|because)(?![\\p{L}'])))`,
    key: "diet",
    category: "identity",
  },
  { pattern: `{AM} on an? ${DIET} diet`, key: "diet", category: "identity" },
  {
    pattern: `{DO} (?:follow|keep to|stick to) an? (?:strict )?${DIET} diet`,
    key: "diet",
    category: "identity",
  },
  {
    pattern: `{DO}(?: only)? (?:eat|keep|follow) ${DIET}(?: food)?{END}`,
    key: "diet",
    category: "identity",
  },
  {
    pattern: `[Ii](?:'ve| have)?(?: just| recently)? (?:went|gone|became|become|turned) ${DIET}{END}`,
    key: "diet",
    category: "identity",
    dated: true,
  },
  {
    pattern: `{AM} (?:no longer|not) (?:an? )?${DIET}(?: anymore| any more)?{END}`,
    key: "diet",
    category: "identity",
    polarity: "negate",
  },
  {
    pattern: `[Ii] used to be (?:an? )?${DIET}{END}`,
    key: "diet",
    category: "identity",
    polarity: "negate",
  },
  {
    pattern:
      "(?:{DO} (?:don't|do not|can't|cannot|never|no longer) (?:eat|drink)|[Ii](?:'ve| have)?(?: just| recently)? (?:stopped|quit|gave up|given up) (?:eating|drinking)) (?:any )?(?<v>{NP}){STOP}(?! ?(?:anymore|any more))",
    key: "avoids",
    category: "knowledge",
    list: true,
    accept: avoided,
  },
  {
    pattern:
      "{MY} (?:main |biggest |favou?rite )?(?:hobbies are|hobbies include|hobby is|hobbies:|pastimes are|pastime is) (?<v>{NP}){STOP}",
    key: "hobbies",
    category: "knowledge",
    list: true,
    accept: taste,
  },
  {
    pattern:
      "{DO} play (?:the )?(?<v>[a-z& -]{3,30}?(?:(?:,| and) (?:the )?[a-z ]{3,20}?)?)(?=\\s*(?:[.,;!]|$|\\s(?:in|with|for|on|every|at|since|but|when|as|twice|once|to|a lot|regularly|professionally|semi-professionally)(?![\\p{L}'])))",
    key: "hobbies",
    category: "knowledge",
    list: true,
    accept: (value) => inLexicon(HOBBIES)(value.replace(/^the /u, "")),
  },

  {
    pattern:
      "(?:[Ii](?:'ve| have)?(?: just| recently)? (?:took up|taken up|picked up|got into|gotten into)|{HAVE} been getting (?:back )?into) (?<v>{NP}){STOP}",
    key: "hobbies",
    category: "knowledge",
    list: true,
    accept: pastime,
  },
  {
    pattern:
      "(?:{HAVE} been taking|{AM} taking|[Ii](?: just| recently)? (?:started|signed up for)) (?:an? )?(?<v>(?:[a-z]+ ){1,3}?(?:class(?:es)?|lessons)){END}",
    key: "hobbies",
    category: "knowledge",
    accept: lessons,
  },
  {
    pattern:
      "{MY} (?:passion|love) (?:for|of) (?<v>[a-z]+(?: [a-z]+)?)(?=\\s*(?:[.,;!]|$|\\s(?:and|but|has|is|was|started|began|with|in|when|since|into)(?![\\p{L}'])))",
    key: "likes",
    category: "knowledge",
    accept: taste,
    anywhere: true,
  },
  {
    pattern:
      "(?<v>\\p{Lu}[a-z]+(?:ing(?: [a-z]+)?)?) (?:(?:always )?(?:makes me (?:so |very |really )?happy|gives me (?:so much |a lot of |great |such )?joy|brings me (?:so much |a lot of |great |such )?(?:joy|happiness|peace))|is (?:really |truly )?my (?:biggest |greatest |one )?(?:passion|hobby|happy place|stress relief))",
    key: "likes",
    category: "knowledge",
    accept: joy,
  },
  {
    pattern:
      "[Ii](?:'ve| have)?(?: just| recently)? (?:gave up|given up|quit|stopped) (?:playing )?(?:the )?(?<v>[a-z]+(?: [a-z]+)?){END}",
    key: "hobbies",
    category: "knowledge",
    polarity: "negate",
    accept: inLexicon(HOBBIES),
    dated: true,
  },
  {
    pattern: `{DO} no longer (?:like|love|enjoy) (?<v>{NP}){STOP}`,
    key: "likes",
    category: "knowledge",
    polarity: "negate",
    list: true,
    accept: taste,
  },
  {
    pattern: `{DO} (?:don't|do not) (?:like|love|enjoy) (?<v>[^.;:!?()\\n]{2,60}?)${ANYMORE}`,
    key: "likes",
    category: "knowledge",
    polarity: "negate",
    list: true,
    accept: taste,
  },
  {
    pattern: "[Ii] used to (?:like|love|enjoy) (?<v>{NP}){STOP}",
    key: "likes",
    category: "knowledge",
    polarity: "negate",
    list: true,
    accept: taste,
  },
  {
    pattern: "[Ii] used to (?:dislike|hate) (?<v>{NP}){STOP}",
    key: "dislikes",
    category: "knowledge",
    polarity: "negate",
    list: true,
    accept: taste,
  },
  {
    pattern: `{DO} (?:no longer|don't) (?:hate|dislike|mind) (?<v>[^.;:!?()\\n]{2,60}?)${ANYMORE}`,
    key: "dislikes",
    category: "knowledge",
    polarity: "negate",
    list: true,
    accept: taste,
  },
  {
    pattern: `{DO} (?:no longer|don't) play (?:the )?(?<v>[a-z]+)(?:${ANYMORE})?{END}`,
    key: "hobbies",
    category: "knowledge",
    polarity: "negate",
    accept: inLexicon(HOBBIES),
  },
];

/** Something one does, so that "got into trouble" is none. */
function pastime(value: string): string | null {
  return HOBBIES.has(value.toLowerCase()) || /^[a-z]+ing(?: [a-z]+)?$/u.test(value)
    ? taste(value)
    : null;
}

function lessons(value: string): string | null {
  return /\b(?:new|my|your|the|this|some|these|those|great|online|free|first|second|more|extra|any|good|nice)\b/u.test(
    value,
  )
    ? null
    : value;
}

/** The subject of a sentence that pleases: "Dancing", never "It" or "Seeing you". */
function joy(value: string): string | null {
  return /^(?:This|That|It|He|She|They|You|We|What|Which|Who|Everything|Nothing|Something|Life|Here|There|Being|Seeing|Having|Knowing|Doing|Getting|Helping|Hearing|Watching|Making|Working|Thinking|Going|Spending|Mom|Dad|Family|Friends|Job|Work|Today|God|Jesus)\b/u.test(
    value,
  )
    ? null
    : /ing\b/u.test(value) ||
        /^(?:Dance|Art|Music|Nature|Yoga|Poetry|Photography|Pottery|Theat(?:er|re)|Chess|Football|Soccer|Tennis|Fashion|History|Science|Literature)$/u.test(
          value,
        )
      ? value
      : null;
}

function subject(value: string): string | null {
  const words = favorite(value);
  return words === null ||
    /^(?:my|your|his|her|their|our|she|he|they|which|what|that|and|i)\b/iu.test(words)
    ? null
    : words;
}
