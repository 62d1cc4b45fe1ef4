import { CONDITIONS, LANGUAGES, NATIONALITIES } from "../lexicon.ts";
import type { FactRule } from "../rule.ts";
import { inLexicon, personName } from "../values.ts";

const NAME =
  "(?<v>{PERSON}(?: (?:de|del|de la|van|van der|von|da|di) {PERSON})?|[a-z]{3,}(?: [a-z]{3,})?)";
const MONTH =
  "(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\\.?";
const DATE = `(?:(?:the )?\\d{1,2}(?:st|nd|rd|th)?(?: of)? ${MONTH}|${MONTH} (?:the )?\\d{1,2}(?:st|nd|rd|th)?|\\d{1,2}[./]\\d{1,2})(?:,? (?:of )?(?:19|20)\\d\\d|[./](?:19|20)\\d\\d)?`;
const STATUS = "(?<v>married|divorced|widowed|engaged|single|separated)";
const LANGUAGE_LIST =
  "(?<v>[A-Z][a-z]+(?: [A-Z][a-z]+)?(?:(?:, and |, | and | & )(?:a (?:little|bit of) )?[A-Z][a-z]+){0,6})";
const inLanguages = inLexicon(LANGUAGES);
function language(value: string): string | null {
  return inLanguages(value.replace(/^a (?:little|bit)(?: of)? /u, ""));
}

function age(value: string): string | null {
  const years = Number(value);
  return years >= 5 && years <= 115 ? value : null;
}

/** Who someone is: name, age, birthday, origin by birth, family status, languages, health. */
export const IDENTITY_RULES: readonly FactRule[] = [
  {
    pattern: `{MY} (?:full |real |first |given |legal )?name(?: is|'s) (?:actually )?${NAME}{END}`,
    key: "name",
    category: "identity",
    accept: personName,
  },
  {
    pattern: `{AM} (?:called|named) ${NAME}{END}`,
    key: "name",
    category: "identity",
    accept: personName,
  },
  {
    pattern: "[Tt]he name's (?<v>{PERSON}){END}",
    key: "name",
    category: "identity",
    accept: personName,
  },
  {
    pattern:
      "(?:(?<=(?:^|[^\\p{L}])(?:[Hh]i|[Hh]ello|[Hh]ey|[Gg]ood (?:morning|evening|afternoon)|[Gg]reetings)(?: there| all| everyone| team)?[,!.]? *)(?:[Ii]'m|[Ii] am|[Tt]his is)) (?<v>{PERSON})(?=\\s*(?:[.,!(\\n]|$|\\s(?:and (?:[Ii]|my)|from|here)(?![\\p{L}'])))",
    key: "name",
    category: "identity",
    accept: personName,
  },
  {
    pattern: "(?:[Pp]lease |[Yy]ou can |[Yy]ou may |[Jj]ust )*[Cc]all me (?<v>{PERSON}){END}",
    key: "preferred_name",
    category: "identity",
    accept: personName,
  },
  {
    pattern:
      "(?:[Mm]y friends|[Ff]riends|[Ee]veryone|[Ee]verybody|[Pp]eople|[Mm]ost people|[Tt]hey)(?: all| usually| just)? calls? me (?<v>{PERSON}){END}",
    key: "preferred_name",
    category: "identity",
    accept: personName,
  },
  {
    pattern: "{DO} go by (?<v>{PERSON}){END}",
    key: "preferred_name",
    category: "identity",
    accept: personName,
  },
  {
    pattern: "{DO} prefer to be called (?<v>{PERSON}){END}",
    key: "preferred_name",
    category: "identity",
    accept: personName,
  },
  {
    pattern: "{MY} nickname(?: is|'s) (?<v>{PERSON}){END}",
    key: "preferred_name",
    category: "identity",
    accept: personName,
  },
  {
    pattern: "{MY} pronouns are (?<v>[a-z]{2,5}/[a-z]{2,5}(?:/[a-z]{2,6})?)",
    key: "pronouns",
    category: "identity",
  },
  {
    pattern: "{DO} use (?<v>(?:she|he|they)/[a-z]{3,4}(?:/[a-z]{3,6})?)(?: pronouns)?{END}",
    key: "pronouns",
    category: "identity",
  },

  {
    pattern: "{AM} (?<v>\\d{1,3})(?: years? old| years? of age| yrs? old| y/?o)(?![\\p{L}'])",
    key: "age",
    category: "identity",
    accept: age,
  },
  {
    pattern: "{AM} (?:a|an) (?<v>\\d{1,3})[- ]years?[- ]old(?![\\p{L}'])",
    key: "age",
    category: "identity",
    accept: age,
  },
  {
    pattern: "{AM} (?<v>[1-9]\\d)(?=\\s*(?:[.,;!](?!\\d)|$|\\sand [Ii]))",
    key: "age",
    category: "identity",
    accept: age,
  },
  { pattern: "{MY} age is (?<v>\\d{1,3}){END}", key: "age", category: "identity", accept: age },
  {
    pattern: "{DO} (?:just )?turned (?<v>[1-9]\\d){END}",
    key: "age",
    category: "identity",
    accept: age,
    dated: true,
  },
  {
    pattern: `{MY} birthday(?: is|'s) (?:on )?(?<v>${DATE})`,
    key: "birthday",
    category: "identity",
  },
  { pattern: `[Ii] was born on (?<v>${DATE})`, key: "birthday", category: "identity" },
  { pattern: `{MY} date of birth is (?<v>${DATE})`, key: "birthday", category: "identity" },
  {
    pattern: "[Ii] was born in (?<v>(?:19|20)\\d\\d){END}",
    key: "birth_year",
    category: "identity",
  },
  {
    pattern:
      "{AM} (?<v>\\p{Lu}?\\p{L}+(?: African)?)(?=\\s*(?:[.,;!]|$|\\s(?:and|but|so|by|living|who)(?![\\p{L}'])))",
    key: "nationality",
    category: "identity",
    accept: (value) => (/^\p{Lu}/u.test(value) ? inLexicon(NATIONALITIES)(value) : null),
  },
  {
    pattern: "{MY} nationality is (?<v>\\p{L}+){END}",
    key: "nationality",
    category: "identity",
    accept: inLexicon(NATIONALITIES),
  },

  {
    pattern: `{AM} (?:happily |recently |newly )?${STATUS}(?=\\s*(?:[.,;!]|$|\\s(?:and|but|with|for|since|now)(?![\\p{L}'])))`,
    key: "marital_status",
    category: "identity",
  },
  { pattern: `{AM} (?<v>married) to {PERSON}{END}`, key: "marital_status", category: "identity" },
  {
    pattern:
      "(?:[Ww]e|[Ii])(?: just| recently| finally)? got (?<v>married|divorced|engaged){END}(?! (?:in|to|with|on) (?:an?|the|this|that|my|our|it)\\b)",
    key: "marital_status",
    category: "identity",
    dated: true,
  },
  {
    pattern: "(?:[Ww]e|[Ii])'ve been (?<v>married|divorced|engaged) (?:for|since)",
    key: "marital_status",
    category: "identity",
  },
  {
    pattern: "{AM} no longer (?<v>married|engaged|single)",
    key: "marital_status",
    category: "identity",
    polarity: "negate",
  },

  {
    pattern: `{DO} speak (?:fluent |native |some |a little |a bit of |basic )?${LANGUAGE_LIST}{END}`,
    key: "languages",
    category: "identity",
    list: true,
    accept: language,
  },
  {
    pattern: `{AM} (?:a )?(?:fluent|native|bilingual)(?: speaker of)? (?:in )?${LANGUAGE_LIST}(?: speaker)?{END}`,
    key: "languages",
    category: "identity",
    list: true,
    accept: language,
  },
  {
    pattern: `{AM} a native ${LANGUAGE_LIST} speaker`,
    key: "languages",
    category: "identity",
    list: true,
    accept: language,
  },
  {
    pattern:
      "{MY} (?:native language|mother tongue|first language)(?: is|'s) (?<v>[A-Z][a-z]+){END}",
    key: "native_language",
    category: "identity",
    accept: language,
  },
  {
    pattern:
      "{MY} (?:native language|mother tongue|first language)(?: is|'s) (?<v>[A-Z][a-z]+){END}",
    key: "languages",
    category: "identity",
    accept: language,
  },
  {
    pattern:
      "(?:[Mm]y )?time ?zone(?: is|'s) (?<v>[A-Z]{2,5}(?:[+-]\\d{1,2}(?::\\d\\d)?)?|[A-Z][a-z]+/[A-Z][A-Za-z_]+|GMT ?[+-]\\d+|UTC ?[+-]\\d+)",
    key: "timezone",
    category: "identity",
  },
  {
    pattern: "{MY} time ?zone(?: is|'s) (?<v>{CAP}(?: [Tt]ime)?){END}",
    key: "timezone",
    category: "identity",
  },
  {
    pattern:
      "{AM} (?:in|on) (?:the )?(?<v>[ECMP][SD]T|CEST|CET|GMT|UTC|BST|IST|JST|AEST|AEDT|(?:UTC|GMT)[+-]\\d{1,2})(?: time ?zone)?{END}",
    key: "timezone",
    category: "identity",
  },

  {
    pattern:
      "{AM}(?: very| severely| deathly| highly| quite| mildly)? allergic to (?<v>{NP}){STOP}",
    key: "allergies",
    category: "identity",
    list: true,
    accept: allergen,
  },
  {
    pattern: "{HAVE} (?:an?|a severe|a serious|a bad) (?:allergy|intolerance) to (?<v>{NP}){STOP}",
    key: "allergies",
    category: "identity",
    list: true,
    accept: allergen,
  },
  {
    pattern:
      "{HAVE} (?:an? )?(?:severe |serious |bad )?(?<v>[a-z]+(?: [a-z]+)?) allerg(?:y|ies){END}",
    key: "allergies",
    category: "identity",
    accept: allergen,
  },
  {
    pattern: "{MY} allergies are (?<v>{NP}){STOP}",
    key: "allergies",
    category: "identity",
    list: true,
    accept: allergen,
  },
  {
    pattern: "{AM} (?<v>lactose|gluten|fructose|histamine)[- ]intolerant",
    key: "allergies",
    category: "identity",
  },
  {
    pattern: "{AM} intolerant to (?<v>{NP}){STOP}",
    key: "allergies",
    category: "identity",
    list: true,
    accept: allergen,
  },
  {
    pattern: "{AM} (?:no longer|not) allergic to (?<v>{NP})(?: anymore)?{STOP}",
    key: "allergies",
    category: "identity",
    polarity: "negate",
    list: true,
    accept: allergen,
  },
  {
    pattern:
      "(?:[Ii](?:'ve| have)(?: got| been diagnosed with)?|[Ii] suffer from|[Ii] was diagnosed with) (?<v>{NP}){STOP}",
    key: "other:health_condition",
    category: "identity",
    list: true,
    accept: inLexicon(CONDITIONS),
  },
];

function allergen(value: string): string | null {
  const item = value.replace(/^(?:an?|the|all|any) /u, "").trim();
  if (item.split(" ").length > 4) return null;
  return /\b(?:it|this|that|them|you|mondays?|mornings?|weekends?|meetings?|homework|winter|exercise|small talk|commitment|spreadsheets|code|work|stupidity|bullshit|people|drama|nonsense|failure|success|some|certain|many|something|anything|no|known|any|food|foods|bad|severe|terrible|seasonal)\b/iu.test(
    item,
  )
    ? item === "seasonal"
      ? item
      : null
    : item;
}
