import { CALENDAR, COUNTRIES, LANGUAGES, NATIONALITIES, NOT_NAMES, NOT_PLACES } from "./lexicon.ts";
import type { Reading } from "./rule.ts";

const LOWER_NOT_NAMES =
  /^(?:not|no|the|an?|in|on|at|it|it's|all|so|too|very|also|here|there|this|that|these|those|my|your|our|his|her|their|its|home|house|work|school|life|day|days|night|nights|fear|hope|peace|pain|denial|harmony|luxury|poverty|constant|total|complete|alone|together|with|without|near|far|by|from|for|to|time|times|where|what|who|how|now|then|least|most|once|first|last|big|small|large|same|different|another|other|some|any|every|each|one|two|three|bed|town|city|country|abroad|upstairs|downstairs|next|close|outside|inside|there|somewhere|anywhere|nowhere|everywhere|between|tomorrow|yesterday|back|later|crazy|please|when|if|out|over|off|away|around|up|down|sleep|eat|make|get|go|be|do|have|see|try|new|old|noon|midnight|weekends|weekend|various|several|many|being|going|doing|having|hell|heaven|scratch|memory|experience)\b/u;

/** A person's name: capitalised, or any one or two words where everything is lower case. */
export function personName(value: string, reading: Reading): string | null {
  const name = value.replace(/'s$/u, "").trim();
  if (/^\p{Lu}/u.test(name)) {
    const first = name.split(" ")[0]?.toLowerCase() ?? "";
    const known = [first, name.toLowerCase()];
    return known.some(
      (word) =>
        CALENDAR.has(word) || NOT_NAMES.has(word) || NATIONALITIES.has(word) || LANGUAGES.has(word),
    )
      ? null
      : name;
  }
  return reading.lowerCase && !reading.spoken && !LOWER_NOT_NAMES.test(name) ? name : null;
}

/** A place: capitalised and neither a product nor a month, or lower case where everything is. */
export function placeName(value: string, reading: Reading): string | null {
  const place = value.trim();
  const plain = place.toLowerCase().replace(/^the /u, "");
  const first = plain.split(/[ ,]/u)[0] ?? "";
  if (NOT_PLACES.has(plain) || NOT_PLACES.has(first) || CALENDAR.has(first)) return null;
  if (/^(?:the )?\p{Lu}/u.test(place)) return place;
  return reading.lowerCase && !LOWER_NOT_NAMES.test(plain) ? place : null;
}

/** False for products and plans that people move to and from. */
export function isPlace(value: string): boolean {
  const plain = value.toLowerCase().replace(/^the /u, "");
  return !NOT_PLACES.has(plain) && !NOT_PLACES.has(plain.split(/[ ,]/u)[0] ?? "");
}

/** The city of "Porto, Portugal"; null for a bare country. */
export function cityOf(value: string, reading: Reading): string | null {
  const place = placeName(value, reading);
  const city = place?.split(", ")[0]?.trim();
  return city === undefined || isCountry(city) ? null : city;
}

/** The country of "Porto, Portugal" or of a bare country. */
export function countryOf(value: string, reading: Reading): string | null {
  const place = placeName(value, reading);
  const last = place?.split(", ").at(-1)?.trim();
  return last !== undefined && isCountry(last) ? last : null;
}

function isCountry(value: string): boolean {
  return COUNTRIES.has(value.toLowerCase());
}

/** An employer: capitalised, no product people merely use, no calendar word. */
export function employerName(value: string, reading: Reading): string | null {
  const name = value.trim();
  const plain = name.toLowerCase().replace(/^the /u, "");
  if (CALENDAR.has(plain.split(" ")[0] ?? "") || isCountry(plain)) return null;
  if (/^(?:the )?\p{Lu}/u.test(name)) return name;
  return reading.lowerCase && !reading.spoken && !LOWER_NOT_NAMES.test(plain) ? name : null;
}

export function inLexicon(lexicon: ReadonlySet<string>): (value: string) => string | null {
  return (value) => (lexicon.has(value.toLowerCase().trim()) ? value.trim() : null);
}

/** Words that point at something outside the sentence, so that the value says nothing by itself. */
const POINTING =
  /\b(?:it|its|this|that|these|those|them|they|their|theirs|you|your|yours|u|ur|he|him|his|she|her|hers|us|our|me|my|mine|here|there|one|ones|what|how|when|where|why|who|whom|whatever|everything|something|anything|nothing|everyone|someone|anyone|thing|things|stuff|way|idea|ideas|suggestion|suggestions|answer|answers|response|sound|sounds|look|fact|part|both|either|neither|each|same|such|so|is|are|was|were|will|would|could|should|can|did|does|too|much|more|yet|not|never|if|then|than|because|latter|former|above|below|following|previous|option|point)\b/iu;
/** Openings after "I like to" and the like that are talk, not taste. */
const IDLE_VERBS =
  /^(?:to )?(?:think|thinking|say|saying|know|knowing|see|seeing|hear|hearing|believe|imagine|point|add|ask|thank|have|having|get|getting|be|being|do|doing|make|making|help|helping|use|using|try|trying|keep|keeping|give|giving|take|taking|go|going|know|feel|feeling|share|sharing|tell|telling|mention|admit|remind|start|starting|work|need|start|consider|find|finding|put|want|waste|call|buy|buying|sell|selling|hire|hiring|book|booking|order|ordering|rent|renting|attend|attending|leave|look|looking|watch someone|talk about|talking about|show|showing)\b/iu;
/** A definite object is a taste only for a few things that everybody means the same way. */
const DEFINITE =
  /^the (?:\p{Lu}|beach|ocean|sea|outdoors|mountains?|rain|snow|winter|summer|spring|autumn|fall|cold|heat|sun|gym|countryside|desert|forest|theat(?:er|re)|opera|ballet|colou?r |taste of|smell of|sound of)/u;
const FIXED_PAIRS =
  /\b(?:rock and roll|rock and roll|mac and cheese|fish and chips|peanut butter and jelly|salt and vinegar|arts and crafts|bed and breakfasts?|drum and bass|gin and tonic|black and white|r and b|cookies and cream)\b/iu;

/** One thing someone likes, or null where the words only point at something. */
export function taste(value: string): string | null {
  const words = value
    .trim()
    .replace(/^to (?=\w)/u, "")
    .replace(/^(?:all |most |any )(?:kinds|types|sorts) of /u, "")
    .replace(
      /\s+(?:and|or|lol|haha|too|also|though|btw|tbh|as well|a lot|very much|so much|the most|please|in general|these days|now|nowadays|lately)$/iu,
      "",
    )
    .trim();
  const count = words.split(/\s+/u).length;
  if (
    /\b(?:anymore|any more|any longer|on|in|at|to|of|for|with|by|from|up|the|a|an)$/iu.test(words)
  )
    return null;
  if (CALENDAR.has(words.toLowerCase().replace(/s$/u, ""))) return null;
  if (words.length < 3 || count > 6 || POINTING.test(words) || IDLE_VERBS.test(words)) return null;
  if (/^the /iu.test(words) && !DEFINITE.test(words)) return null;
  if (
    /^(?:to|some|all|every|an?|no|any|most|many|being|about|with|for|at|by|from|just|only|like|love|hate|enjoy|prefer|being able)\b/iu.test(
      words,
    )
  ) {
    return /^a (?:good|nice|strong|hot|cold) /iu.test(words) ? words : null;
  }
  return words;
}

/** Splits "apples, pears and plums"; a list whose later items are no things keeps its first. */
export function splitList(value: string): string[] {
  const pair = FIXED_PAIRS.exec(value);
  if (pair !== null) return [value.split(",")[0] ?? value];
  const parts = value
    .split(/\s*,\s*(?:and |or |& )?|\s+(?:and|or|&)\s+/u)
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const [first, ...rest] = parts;
  if (first === undefined) return [];
  const isList = /\s(?:and|or|&)\s/u.test(value) || rest.length === 0;
  if (!isList) return [first];
  const alike = rest.filter(
    (part) =>
      part.split(/\s+/u).length <= 3 &&
      !/^(?:hate|love|like|enjoy|am|is|was|have|had|has|want|need|don't|do|can't|cannot|work|live|play|went|got|usually|often|always|never|just|really|also|how|what|where|who|which|especially|then|go|it|currently|recently|because|so|but)\b/iu.test(
        part,
      ),
  );
  return [first, ...alike];
}
