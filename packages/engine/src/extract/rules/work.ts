import { JOBS } from "../lexicon.ts";
import type { FactRule } from "../rule.ts";
import { employerName } from "../values.ts";

const ORG = "(?<v>(?:the )?{CAP}|[a-z]{3,})";
const WORK =
  "(?:{DO} work (?:full[- ]time |part[- ]time |remotely |[a-z ]{0,20}?)?(?:at|for)|{AM} (?:working|employed|interning) (?:at|for|by)|{HAVE} (?:worked|been working) (?:at|for)|{MY} employer(?: is|'s)|{MY} company is called)";
/** Hiring words leave no doubt, so even a service that others merely use is an employer. */
const HIRED =
  "(?:[Ii](?:'ve| have)?(?: just| recently| finally| actually)? (?:got (?:a|my|the) (?:new )?job (?:at|with)|got hired (?:at|by)|(?:was|been) hired (?:at|by)|landed a (?:new )?job (?:at|with)|accepted (?:a job|an offer|a position) (?:at|from|with)))";
const JOB = "(?<v>(?:[\\p{L}&/-]+ ){0,3}?[\\p{L}-]+)";
const JOINED =
  "(?:[Ii](?:'ve| have)?(?: just| recently| finally| actually)? (?:joined|started(?: working| work| a new job| my new job| a job)? (?:at|for|with)))";
function job(value: string): string | null {
  const words = value.trim().replace(/^(?:an?|the) /u, "");
  const all = words.toLowerCase().split(" ");
  const head = all.at(-1) ?? "";
  const pair = all.slice(-2).join(" ");
  if (!JOBS.has(head) && !JOBS.has(pair)) return null;
  return /\b(?:former|ex|retired|aspiring|future|wannabe|terrible|bad|good|great|better|lousy|horrible|decent|big|huge|just|not|no|only|like|such|your|his|her|their|my|our|this|visual|fast|slow|quick|picky|proud|amateur|hobby|home|life|control|kid|born|new|nervous|lifelong|eternal|would-be|failed|night|early|deep|avid|model|own|worst|best)\b/iu.test(
    words,
  )
    ? null
    : words;
}

function employer(value: string, reading: Parameters<typeof employerName>[1]): string | null {
  return /^(?:Home|Night|Nights|Google Docs|The)$/u.test(value)
    ? null
    : employerName(value, reading);
}

/** Joining means work only where the thing joined is no service people sign up for. */
function joined(value: string, reading: Parameters<typeof employerName>[1]): string | null {
  return /^(?:the |[a-z])/u.test(value) ||
    /\b(?:Facebook|Instagram|Twitter|Reddit|Discord|LinkedIn|TikTok|Zoom|Slack|Snapchat|WhatsApp|Telegram|Netflix|Duolingo|Strava|Spotify|Club|Group|Gym|Team|Choir|Band|Church|Class|Course|Community|Meetup|Forum|League|Guild|Toastmasters|Rotary|Scouts|Alliance|Society|Network|LGBTQ|LGBTQ\+|Pride|Army|Navy)\b/iu.test(
      value,
    )
    ? null
    : employerName(value, reading);
}

/** Where someone works and as what. */
export const WORK_RULES: readonly FactRule[] = [
  { pattern: `${WORK} ${ORG}{END}`, key: "employer", category: "identity", accept: employer },
  {
    pattern: `${JOINED} ${ORG}(?=\\s*(?:[.,!(]|$|\\s(?:as an?|as the|in (?:\\p{Lu}\\p{L}*|\\d+)|last|this|on (?:\\p{Lu}\\p{L}*|the)|yesterday|today|two|three|a (?:week|month|year|few|couple)|and|to work|after|back)(?![\\p{L}'])))`,
    key: "employer",
    category: "identity",
    accept: joined,
    dated: true,
  },
  {
    pattern: `${HIRED} (?<v>(?:the )?{CAP}){END}`,
    key: "employer",
    category: "identity",
    accept: employer,
    dated: true,
  },
  {
    pattern: `[Ii](?:'ve| have)?(?: just| recently| finally)? (?:opened|launched|founded|run|own|started) (?:my own|an?) (?<v>(?:[a-z-]+ ){0,3}?(?:store|shop|studio|business|bakery|company|restaurant|café|cafe|salon|agency|startup|firm|gym|clinic|bookshop|bookstore)){END}`,
    key: "workplace",
    category: "identity",
    dated: true,
  },
  {
    pattern: `{AM} (?:studying|majoring in)(?: [a-z]+){0,3} at (?<v>(?:the )?{CAP}){END}`,
    key: "school",
    category: "identity",
    accept: employer,
  },
  {
    pattern: `{AM} an? \\d{1,2}[- ]years?[- ]old ${JOB}{END}`,
    key: "job_title",
    category: "identity",
    accept: job,
  },
  {
    pattern: `${JOINED} {CAP} as (?:an?|the|their) ${JOB}{END}`,
    key: "job_title",
    category: "identity",
    accept: plainJob,
    dated: true,
  },
  {
    pattern: `{DO} work (?:full[- ]time |part[- ]time )?as (?:an?|the) ${JOB}{END}`,
    key: "job_title",
    category: "identity",
    accept: plainJob,
  },
  {
    pattern: `{AM} working as (?:an?|the) ${JOB}{END}`,
    key: "job_title",
    category: "identity",
    accept: plainJob,
  },
  {
    pattern: `{HAVE} (?:worked|been working) as (?:an?|the) ${JOB}{END}`,
    key: "job_title",
    category: "identity",
    accept: plainJob,
  },
  {
    pattern: `{DO} work as (?:an?|the) [\\p{L} -]{3,40}? (?:at|for) ${ORG}{END}`,
    key: "employer",
    category: "identity",
    accept: employer,
  },
  {
    pattern: `{AM} (?:working )?(?:as )?(?:an?|the) ${JOB}(?=\\s*(?:[.,;!()]|$|\\s(?:at|for|in|and|with|by|from|who|working|based|living|but|so|here|of)(?![\\p{L}'])))`,
    key: "job_title",
    category: "identity",
    accept: job,
  },
  {
    pattern: `{AM} (?:an?|the) (?<job>[\\p{L} -]{2,40}?) (?:at|for|of) (?<v>{CAP}){END}`,
    key: ({ job: title }) => (job(title ?? "") === null ? null : "employer"),
    category: "identity",
    accept: employer,
  },
  {
    pattern: `{HAVE} been an? ${JOB} (?:for|since)(?![\\p{L}'])`,
    key: "job_title",
    category: "identity",
    accept: job,
  },
  {
    pattern: `{MY} (?:job title|job|profession|occupation|role|title)(?: is|'s) (?:an? |the |being an? )?${JOB}{END}`,
    key: "job_title",
    category: "identity",
    accept: job,
  },
  {
    pattern: `[Ii](?:'ve| have)?(?: just| recently| finally)? (?:got|was|been) promoted to ${JOB}{END}`,
    key: "job_title",
    category: "identity",
    accept: plainJob,
    dated: true,
  },
  {
    pattern: `[Ii](?: just| recently| finally)? (?:became|started (?:working |work |a new job )?as) an? ${JOB}{END}`,
    key: "job_title",
    category: "identity",
    accept: job,
    dated: true,
  },
  {
    pattern:
      "{DO} work in (?:the )?(?<v>finance|banking|IT|tech|healthcare|education|marketing|advertising|sales|retail|construction|hospitality|insurance|logistics|manufacturing|publishing|journalism|media|real estate|consulting|academia|government|law|agriculture|aviation|biotech|pharma|cybersecurity|software|accounting|HR|human resources|design|fashion|research|tourism|energy)(?: industry| sector| business)?{END}",
    key: "industry",
    category: "identity",
  },
  {
    pattern:
      "{DO} work (?:at|for|in) (?<v>an? (?:[a-z-]+ ){0,3}?(?:hospital|clinic|school|university|college|bank|restaurant|cafe|café|bakery|startup|start-up|company|agency|law firm|firm|library|museum|factory|warehouse|hotel|supermarket|shop|store|pharmacy|nonprofit|non-profit|charity|lab|nursery|kindergarten|bookstore|bookshop|garage|salon|studio)){END}",
    key: "workplace",
    category: "identity",
  },
  {
    pattern:
      "{AM} (?<v>self-employed|self employed|retired|unemployed|freelancing)(?=\\s*(?:[.,;!]|$|\\s(?:and|but|now|since|so)(?![\\p{L}'])))",
    key: "employment_status",
    category: "identity",
  },

  {
    pattern: `{DO} (?:no longer|don't|do not) work (?:at|for) ${ORG}(?: anymore| any more| any longer)?{END}`,
    key: "employer",
    category: "identity",
    polarity: "negate",
    accept: employer,
    dated: true,
  },
  {
    // "I don't work at Acme" alone says nothing of the past
    pattern: `(?:{DO} no longer work (?:at|for) ${ORG}(?: anymore| any more| any longer)?|{DO} (?:don't|do not) work (?:at|for) ${ORG} (?:anymore|any more|any longer)){END}`,
    key: "past_employer",
    category: "identity",
    accept: employer,
  },
  {
    pattern: `{AM} (?:no longer|not) (?:working |employed )?(?:at|with|by) ${ORG}(?: anymore| any more)?{END}`,
    key: "employer",
    category: "identity",
    polarity: "negate",
    accept: (value, reading) => (/^\p{Lu}/u.test(value) ? employer(value, reading) : null),
  },
  {
    pattern: `[Ii] (?:used to work|previously worked|formerly worked) (?:at|for) ${ORG}{END}`,
    key: "employer",
    category: "identity",
    polarity: "negate",
    accept: employer,
  },
  {
    pattern: `[Ii] (?:used to work|previously worked|formerly worked|worked) (?:at|for) (?<v>{CAP}){END}`,
    key: "past_employer",
    category: "identity",
    accept: employer,
  },
  {
    pattern:
      "[Ii](?:'ve| have)?(?: just| recently| finally)? (?:quit|left|resigned from|got laid off from|was laid off from|got fired from|was fired from) (?:my|the) (?:job|position|role) (?:at|with) (?<v>{CAP}){END}",
    key: "employer",
    category: "identity",
    polarity: "negate",
    accept: employer,
    dated: true,
  },
  {
    pattern:
      "[Ii](?:'ve| have)?(?: just| recently| finally)? (?:resigned from|got laid off from|was laid off from|got fired from|was fired from) (?<v>{CAP}){END}",
    key: "employer",
    category: "identity",
    polarity: "negate",
    accept: employer,
    dated: true,
  },
  {
    pattern:
      "(?<w>[Ii](?:'ve| have)?(?: just| recently| finally)? (?:quit|lost|resigned from|left) my job)(?=\\s*(?:[.,!]|$|\\s(?:last|this|yesterday|today|in|on|and|because|two|three)(?![\\p{L}'])))",
    key: "employer",
    category: "identity",
    polarity: "negate",
    fixed: "",
    dated: true,
  },
  {
    pattern: `[Ii] used to be an? ${JOB}{END}`,
    key: "job_title",
    category: "identity",
    polarity: "negate",
    accept: job,
  },
  {
    pattern: `{AM} no longer an? ${JOB}(?: anymore| any more)?{END}`,
    key: "job_title",
    category: "identity",
    polarity: "negate",
    accept: job,
  },
];

function plainJob(value: string): string | null {
  const words = value.trim();
  if (
    /\b(?:team|couple|group|result|matter|way|whole|kid|child|teenager|lot|bit|little|part|backup|hobby)\b/iu.test(
      words,
    )
  )
    return null;
  return words.split(" ").length > 5 ? null : words;
}
