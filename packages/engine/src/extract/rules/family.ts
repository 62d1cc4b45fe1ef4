import type { FactRule } from "../rule.ts";
import { personName } from "../values.ts";

const KIN =
  "wife|husband|partner|girlfriend|boyfriend|fianc[eé]e?|spouse|mother|mom|mum|father|dad|sister|brother|son|daughter|grandmother|grandma|grandfather|grandpa|aunt|uncle|cousin|niece|nephew|best friend|roommate|flatmate|mother-in-law|father-in-law|sister-in-law|brother-in-law|stepfather|stepmother|stepson|stepdaughter|boss|manager|therapist";
const PET =
  "dog|puppy|cat|kitten|hamster|rabbit|bunny|parrot|horse|pony|goldfish|turtle|tortoise|guinea pig|snake|lizard|ferret|gecko|budgie|cockatiel|labrador|golden retriever|poodle|beagle|dachshund|corgi|husky|german shepherd|border collie|pug";
const SIZE =
  "(?:older |younger |little |big |elder |eldest |oldest |youngest |middle |twin |baby |dear |beloved |first |lovely |new |rescue |old |black |white |ginger |orange |tabby )?";
const NAME = "(?<v>\\p{Lu}[\\p{L}'-]+(?: \\p{Lu}[\\p{L}-]+)?)";

const SAME: Readonly<Record<string, string>> = {
  mom: "mother",
  mum: "mother",
  dad: "father",
  grandma: "grandmother",
  grandpa: "grandfather",
  fiance: "fiance",
  fiancee: "fiance",
  fiancé: "fiance",
  fiancée: "fiance",
  spouse: "spouse",
};

function kin(groups: Readonly<Record<string, string | undefined>>): string | null {
  const word = (groups["kin"] ?? "").toLowerCase();
  return word === "" ? null : (SAME[word] ?? word).replaceAll(/[ -]/gu, "_");
}

function pet(groups: Readonly<Record<string, string | undefined>>): string {
  return `${groups["v"] ?? ""} (${groups["pet"] ?? ""})`;
}

const COUNT = "an?|one|two|three|four|five|six|\\d";

/** Relatives as relations to persons; pets with their kind. */
export const FAMILY_RULES: readonly FactRule[] = [
  {
    pattern: `{MY} ${SIZE}(?<kin>${KIN})(?:'s)? (?:name(?: is|'s)|is (?:called|named)|called|named) ${NAME}{END}`,
    key: kin,
    category: "identity",
    targetType: "person",
    accept: personName,
    anywhere: true,
  },
  {
    pattern: `my ${SIZE}(?<kin>${KIN}) ${NAME}(?=\\s*(?:[.,;!?)]|$|\\s[a-z]|'s))`,
    key: kin,
    category: "identity",
    targetType: "person",
    accept: bareName,
    anywhere: true,
  },
  {
    pattern: `My ${SIZE}(?<kin>${KIN}) ${NAME}(?=\\s*(?:[.,;!)]|\\s[a-z]|'s))`,
    key: kin,
    category: "identity",
    targetType: "person",
    accept: bareName,
  },
  {
    pattern: `${NAME} is my ${SIZE}(?<kin>${KIN})(?=\\s*(?:[.,;!)]|$|\\s(?:and|who)))`,
    key: kin,
    category: "identity",
    targetType: "person",
    accept: bareName,
  },
  {
    pattern: `{HAVE} an? ${SIZE}(?<kin>${KIN})(?:,? (?:called|named|whose name is)) ${NAME}{END}`,
    key: kin,
    category: "identity",
    targetType: "person",
    accept: personName,
  },
  {
    pattern: `{AM} (?:happily )?married to ${NAME}{END}`,
    key: "spouse",
    category: "identity",
    targetType: "person",
    accept: personName,
  },
  {
    pattern: `{HAVE} (?<v>(?:${COUNT}) ${SIZE}(?:kids?|children|child|sons?|daughters?|boys|girls|twins?))(?=\\s*(?:[.,;:!?(]|$|\\s(?:and|named|called|who|aged|with|in|together)(?![\\p{L}'])))`,
    key: "children",
    category: "identity",
  },
  {
    pattern: `{AM} an? (?:mother|father|mom|mum|dad|parent) (?:of|to) (?<v>(?:${COUNT})(?: (?:kids|children|boys|girls|sons|daughters))?){END}`,
    key: "children",
    category: "identity",
  },
  {
    pattern: `{HAVE} (?<v>(?:${COUNT}) ${SIZE}(?:siblings?|sisters?|brothers?)(?: and (?:${COUNT}) ${SIZE}(?:sisters?|brothers?))?)(?=\\s*(?:[.,;!(]|$|\\s(?:and|who)(?![\\p{L}'])))`,
    key: "siblings",
    category: "identity",
  },
  { pattern: "{AM} an (?<v>only child){END}", key: "siblings", category: "identity" },

  {
    pattern: `(?:{HAVE}|(?:[Ii]|[Ww]e)(?: just| recently)? (?:adopted|got|bought)) an? (?:[a-z-]+ ){0,2}?(?<pet>${PET})(?:,? (?:called|named|whose name is)) ${NAME}{END}`,
    key: "pets",
    category: "identity",
    value: pet,
    accept: personName,
    anywhere: false,
  },
  {
    pattern: `{MY} ${SIZE}(?<pet>${PET})(?:'s)? (?:name(?: is|'s)|is (?:called|named)|called|named) ${NAME}{END}`,
    key: "pets",
    category: "identity",
    value: pet,
    accept: personName,
    anywhere: true,
  },
  {
    pattern: `my ${SIZE}(?<pet>${PET}) ${NAME}(?=\\s*(?:[.,;!?)]|$|\\s[a-z]|'s))`,
    key: "pets",
    category: "identity",
    value: pet,
    accept: bareName,
    anywhere: true,
  },
  {
    pattern: `My ${SIZE}(?<pet>${PET}) ${NAME}(?=\\s*(?:[.,;!)]|\\s[a-z]|'s))`,
    key: "pets",
    category: "identity",
    value: pet,
    accept: bareName,
  },
  {
    pattern: `{HAVE} (?<v>(?:${COUNT}) (?:[a-z-]+ )?(?:${PET}|fish|bird|chicken|cow|sheep|goat)s?)(?=\\s*(?:[.,;!(]|$|\\s(?:and|at home|who|that|too)(?![\\p{L}'])))`,
    key: "pets",
    category: "identity",
    accept: ownPet,
  },
];

function bareName(value: string, reading: Parameters<typeof personName>[1]): string | null {
  return /^(?:I'|[A-Z]{2,}$|Mom|Dad|Also|What|How|When|Where|Why|Can|Is|Are|Do|Who|He|She|That|This|There|Then|Please|Thanks|And|But|So|In|On|At|If|My)\b/u.test(
    value,
  )
    ? null
    : personName(value, reading);
}

function ownPet(value: string): string | null {
  return /\b(?:hot|same|stray|neighbou?r)\b/u.test(value) ? null : value;
}
