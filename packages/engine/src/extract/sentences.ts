/** A stretch of the message that is one sentence; offsets count from the start of the message. */
export interface Sentence {
  start: number;
  end: number;
}

/** Blanks what is not the writer's own voice (code, quoted lines, quotations), keeping every offset. */
export function ownVoice(content: string): string {
  return content
    .replaceAll(/[’‘]/gu, "'")
    .replaceAll(/```[\s\S]*?(?:```|$)|~~~[\s\S]*?(?:~~~|$)/gu, blank)
    .replaceAll(/`[^`\n]*`/gu, blank)
    .replaceAll(/^[ \t]*>.*$/gmu, blank)
    .replaceAll(/"[^"\n]{0,400}"|“[^”\n]{0,400}”|«[^»\n]{0,400}»/gu, blank)
    .replaceAll(/(?<![\p{L}\d])'[^'\n]{1,200}'(?![\p{L}\d])/gu, (text) =>
      /\s/u.test(text) ? blank(text) : text,
    )
    .replaceAll(/https?:\/\/\S+/gu, blank);
}

function blank(text: string): string {
  return "\u0000".repeat(text.length);
}

const BREAK = /[.!?…]+["')\]]*(?=\s|$)|\n+|\p{Emoji_Presentation}+\s*/gu;
const ABBREVIATION =
  /(?:^|[\s(])(?:Dr|Mr|Mrs|Ms|Prof|St|Mt|Ft|Jr|Sr|vs|etc|e\.g|i\.e|approx|No|U\.S|U\.K|\p{Lu})\.$/u;

/** Splits a text at sentence ends and line ends; abbreviations do not end a sentence. */
export function splitSentences(text: string, from = 0): Sentence[] {
  const sentences: Sentence[] = [];
  let start = from;
  BREAK.lastIndex = from;
  for (const match of text.matchAll(new RegExp(BREAK.source, "gu"))) {
    if (match.index < from) continue;
    const end = match.index + match[0].length;
    if (match[0] === "." && ABBREVIATION.test(text.slice(Math.max(start, end - 8), end))) continue;
    push(end);
  }
  push(text.length);
  return sentences;

  function push(end: number): void {
    if (text.slice(start, end).trim() !== "") sentences.push({ start, end });
    start = end;
  }
}

const CLAUSE_MARK =
  /[,;:(–—]\s*|\s-{1,2}\s|\s(?:and|but|because|'?cause|so|since|as|though|although|plus|btw|also|fyi|cause|that)\s+(?=(?:now[,]?\s)?(?:[Ii](?:'|\s)|[Ww]e(?:'|\s)|[Mm]y\s|[Oo]ur\s|please\s|always\s|never\s|don't\s|call\s))/gu;
const OPENERS =
  /(?:(?:(?:and|but|so|well|also|actually|oh|hi|hey|hello|originally|like i said|as i said|yes|yeah|yep|yup|no|nope|nah|ok|okay|btw|by the way|fyi|honestly|personally|basically|just so you know|thanks|thank you|anyway|currently|these days|nowadays|right now|now|in fact|to be honest|tbh|as for me|as you know|for context|for the record|for reference|note that|please note(?: that)?|(?:please |can you |could you )?remember(?: that)?|keep in mind(?: that)?|good (?:morning|evening|afternoon)|sure|wow|haha|lol|omg|recently|unfortunately|luckily|sadly|fortunately|plus|first|one more thing|a bit about me|about me|background|context|yesterday|today|(?:last|this) (?:week|month|year|spring|summer|autumn|fall|winter|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|(?:in|on|since) (?:early |late |mid )?(?:january|february|march|april|may|june|july|august|september|october|november|december|(?:19|20)\d\d)(?: (?:19|20)\d\d)?|(?:\d+|a|an|one|two|three|four|five|a few|a couple of) (?:days?|weeks?|months?|years?) ago)(?![\p{L}'])[,!:.]?\s*)|[-*•\d][.)]?\s+)*/iuy;

/** Offsets at which a clause may begin, openers such as "Well, " or "Last year " skipped. */
export function clauseStarts(sentence: string): number[] {
  const starts = new Set<number>([afterOpeners(sentence, 0)]);
  for (const match of sentence.matchAll(CLAUSE_MARK)) {
    starts.add(afterOpeners(sentence, match.index + match[0].length));
  }
  return [...starts];
}

function afterOpeners(sentence: string, at: number): number {
  let start = at;
  while (sentence[start] === " " || sentence[start] === "\t") start += 1;
  const openers = new RegExp(OPENERS.source, "iuy");
  openers.lastIndex = start;
  return start + (openers.exec(sentence)?.[0].length ?? 0);
}
