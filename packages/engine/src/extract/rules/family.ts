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
    pattern: `{HAVE} (?<v>twins|triplets|(?:${COUNT}) ${SIZE}(?:kids?|children|child|sons?|daughters?|boys|girls|twins?))(?=\\s*(?:[.,;:!?(]|$|\\s(?:and|named|called|who|aged|with|in|together)(?![\\p{L}'])))`,
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
    pattern: `(?:{HAVE}|(?:[Ii]|[Ww]e)(?: just| recently)? (?:adopted|got|bought)) (?:an?|another) (?:[a-z-]+ ){0,2}?(?<pet>${PET})(?:,? (?:called|named|whose name is)) ${NAME}{END}`,
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

/** Words that stand behind a relative with a capital by mistake: "My mom Called". */
const NO_NAMES =
  /^(?:(?:call|text|love|like|live|work|want|need|ask|help|move|play|cook|visit|turn|start|stop|pass|die|use|talk|walk|look|miss|hate|enjoy|learn|try|arrive|stay|wait|show|open|watch|finish|invite|retire|pick|drop|plan|name|seem|happen|agree|bake|knit|paint|suggest|recommend|order|join|mention|share|listen|email|message|phone)(?:s|d|ed|ied|ped|ned|ring|ing)?|just|says?|said|and|is|isn|was|wasn|has|had|have|will|won|can|could|would|should|might|may|must|does|did|doesn|didn|told|tells|thinks?|thought|got|gets|getting|went|goes|going|came|comes|coming|gave|gives|bought|buys|sent|sends|wrote|writes|made|makes|took|takes|left|leaves|keeps|kept|taught|teaches|reads|knows|knew|finds|found|feels|felt|sees|saw|ran|runs|runs?|drives|drove|sold|lost|won|met|fell|broke|ate|eats|drinks|sleeps|slept|also|always|never|really|still|recently|finally|once|often|usually|probably|actually|already|only|even|almost|ever|not|now|today|yesterday|that|which|who|whose|when|because|if|to|in|on|at|from|with|for|of|about|by|or|but|so|as|the|a|an|my|his|her|our|their|your|this|here|there|back|home|very|too|all|both)$/iu;

function bareName(value: string, reading: Parameters<typeof personName>[1]): string | null {
  if (value.split(" ").some((word) => NO_NAMES.test(word))) return null;
  return /^(?:I'|[A-Z]{2,}$|Mom|Dad|Also|What|How|When|Where|Why|Can|Is|Are|Do|Who|He|She|That|This|There|Then|Please|Thanks|And|But|So|In|On|At|If|My)\b/u.test(
    value,
  )
    ? null
    : personName(value, reading);
}

function ownPet(value: string): string | null {
  return /\b(?:hot|same|stray|neighbou?r)\b/u.test(value) ? null : value;
}
