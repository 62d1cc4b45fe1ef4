import type { FactRule } from "../rule.ts";
import { cityOf, countryOf, isPlace, placeName } from "../values.ts";

const LIVE =
  "(?:{DO} (?:live|reside) (?:here )?in|{AM} (?:based|living|residing|located|settled) (?:out of|in)|{HAVE} (?:been living|lived) in|{MY} home is in|{DO} (?:live|reside) (?:right )?(?:near|outside|outside of|just outside|close to))";
const LIVE_CITY = "(?:{MY} (?:home ?town|home city) is now|{MY} home city is)";
const MOVED =
  "(?:(?:[Ii]|[Ww]e)(?:'ve| have)?(?: just| recently| finally| actually| both| then| later| all)? (?:moved|relocated|emigrated|immigrated)(?: back| over| out| down| up)?(?: from (?<from>{CAP}))?)";
const CAME_FROM =
  "(?:{AM} (?:originally |actually )?from|[Ii] come from|[Ii] grew up in|[Ii] was (?:born and )?raised in|[Ii] was born and grew up in|{MY} home ?town(?: is|'s))";
const GONE =
  "(?:{DO} (?:no longer|don't|do not) (?:live|reside) in|{AM} (?:no longer|not) (?:living|based) in|(?:[Ii]|[Ww]e)(?:'ve| have)? moved (?:away from|out of))";
/** Gone, and there before: "I don't live in Oslo" alone says nothing of the past. */
const LEFT = (place: string): string =>
  `(?:(?:{DO} no longer (?:live|reside) in|{AM} no longer (?:living|based) in|(?:[Ii]|[Ww]e)(?:'ve| have)? moved (?:away from|out of)) ${place}(?: anymore| any more| any longer)?|(?:{DO} (?:don't|do not) (?:live|reside) in|{AM} not (?:living|based) in) ${place} (?:anymore|any more|any longer))`;
const FORMER = "(?:(?:[Ii]|[Ww]e) (?:used to live|lived|previously lived) in)";

/** "From Dropbox to Drive" is no journey, whichever end gives it away. */
function betweenPlaces(
  key: string,
): (groups: Readonly<Record<string, string | undefined>>) => string | null {
  return ({ from, old, v }) =>
    [from, old, v].every((place) => place === undefined || isPlace(place)) ? key : null;
}

/** Where someone lives, lived and comes from. */
export const PLACE_RULES: readonly FactRule[] = [
  { pattern: `${LIVE} (?<v>{PLACE}){END}`, key: "home_city", category: "identity", accept: cityOf },
  {
    pattern: `${LIVE} (?<v>{PLACE}){END}`,
    key: "home_country",
    category: "identity",
    accept: countryOf,
  },
  {
    pattern: `${LIVE_CITY} (?<v>{PLACE}){END}`,
    key: "home_city",
    category: "identity",
    accept: cityOf,
  },
  {
    pattern: `${MOVED} to (?<v>{PLACE})(?: from (?<old>{CAP}))?{END}`,
    key: betweenPlaces("home_city"),
    category: "identity",
    accept: cityOf,
    dated: true,
  },
  {
    pattern: `${MOVED} to (?<v>{PLACE})(?: from (?<old>{CAP}))?{END}`,
    key: betweenPlaces("home_country"),
    category: "identity",
    accept: countryOf,
    dated: true,
  },
  {
    pattern: `${MOVED} to (?<v>{PLACE}){END}`,
    key: betweenPlaces("past_home_city"),
    category: "identity",
    group: "from",
    accept: cityOf,
  },
  {
    pattern: `${MOVED} to (?<v>{PLACE}) from (?<old>{CAP}){END}`,
    key: betweenPlaces("past_home_city"),
    category: "identity",
    group: "old",
    accept: cityOf,
  },
  {
    pattern: `${CAME_FROM} (?<v>{PLACE}){END}`,
    key: "hometown",
    category: "identity",
    accept: placeName,
  },
  {
    pattern: "[Ii] was born (?:in (?:19|20)\\d\\d )?in (?<v>{PLACE}){END}",
    key: "birthplace",
    category: "identity",
    accept: placeName,
  },
  {
    pattern: `${GONE} (?<v>{PLACE})(?: anymore| any more| any longer)?{END}`,
    key: "home_city",
    category: "identity",
    polarity: "negate",
    accept: cityOf,
    dated: true,
  },
  {
    pattern: `${GONE} (?<v>{PLACE})(?: anymore| any more| any longer)?{END}`,
    key: "home_country",
    category: "identity",
    polarity: "negate",
    accept: countryOf,
    dated: true,
  },
  {
    pattern: `${LEFT("(?<v>{PLACE})")}{END}`,
    key: "past_home_city",
    category: "identity",
    accept: cityOf,
  },
  {
    pattern: `${FORMER} (?<v>{PLACE}){END}`,
    key: "past_home_city",
    category: "identity",
    accept: cityOf,
  },
  {
    pattern: `[Ii] used to live in (?<v>{PLACE}){END}`,
    key: "home_city",
    category: "identity",
    polarity: "negate",
    accept: cityOf,
  },
];
