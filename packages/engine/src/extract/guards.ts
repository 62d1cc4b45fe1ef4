/** Before a clause: what follows is supposed, reported, asked or made up. */
const UNREAL =
  /\b(?:if|unless|whether|wish|wishes|imagine|imagining|suppose|supposing|pretend|pretending|assume|assuming|say i|let's say|hypothetically|what if|as though|would|could|might|may be|maybe|perhaps|possibly|dream(?:ed|t|ing)? (?:that|about)?|said|says|saying|told|tells|asks|asked|claims?|claimed|thinks?|thought|believes?|heard|wrote|writes|replied|according to|(?:e-?mail|letter|message|note|review|post|comment|tweet|ticket|complaint|statement|testimony) (?:from|by|of)|quote|quoted|e\.g\.|for example|for instance|such as|like saying|lyrics|character|role|story|novel|poem|sentence|phrase|the words|translates? (?:to|as)|means|when i (?:was|were)|back when|by the time|the day|used to)\b/iu;
/** Anywhere in the clause's own words: unsure or joking. */
const UNSURE =
  /\b(?:maybe|perhaps|probably|possibly|might|i guess|supposedly|allegedly|sarcasm|not really|kidding|as if|in a (?:past|previous|former|parallel) life|in my dreams|metaphorically|figuratively|so to speak|or something)\b/iu;
const JOKE = /\b(?:just kidding|jk|kidding|joking|just a joke|april fools|not really true|\/s)\b/iu;
/** Praise that means the opposite. */
const SARCASM =
  /\b(?:oh,? (?:great|sure|joy|lovely|wonderful|fantastic|perfect)|yeah,? right|great, (?:now|another|just)|just what i needed|how (?:wonderful|lovely|delightful)|because (?:of course|that's exactly what))\b/iu;
/** Behind a clause: the speaker takes it back, whatever comes instead. */
const TAKEN_BACK =
  /\b(?:no[,]? wait|wait[,]? no|scratch that|strike that|i mean|i meant|or rather|no[,]? sorry|sorry[,]? no|correction:)(?![\p{L}'])/iu;
/** "I used to live there, but …": what was is over where "but" begins. */
const OVER = /\bused to\b[^.;!?]*?\bbut\b/giu;
/** Behind a clause: somebody else said it. */
const ATTRIBUTED =
  /[,.]?\s*(?:[-–—]\s*)?(?:(?:he|she|they|\p{Lu}\p{L}+) (?:says?|said|wrote|writes|replied|sang|sings|told|tells|claims|claimed)|(?:says?|said|wrote|sang|sings|replied|claims|claimed) (?:the|a|an|my|his|her|he|she|they|\p{Lu}))(?![\p{L}'])/u;
/** Text work: from here on the message holds somebody's text, not the writer's life. */
const TEXT_WORK =
  /(?:^|[.!?:;,\n]\s*|\b(?:please|can you|could you|help me|want you to|need you to|would you|let's|to) )(?:translate|rewrite|rephrase|proofread|paraphrase|summari[sz]e|edit|correct|polish|shorten|fix (?:the|my|this)|role-?play|act as|pretend|continue (?:the|this)|(?:write|compose|draft|generate|create|make up)(?: me| us)? (?:an?|the|some|my|this|\d+|two|three|five))\b|\b(?:the following (?:text|sentence|paragraph|passage|story|email|message|letter|dialogue|essay)|cover letter|lyrics|chapter (?:one|two|three|\d+)|dear diary|you are an? )/iu;
const INTERROGATIVE =
  /^(?:and |but |so |ok |well |then )*(?:who|whom|whose|what|what's|which|when|where|where's|why|how|how's|do|does|did|is|are|am|was|were|can|could|will|would|should|shall|may|might|have|has|had|isn't|aren't|don't|doesn't|didn't|won't|wouldn't|can't|couldn't|shouldn't|any|anyone)\b/iu;
const QUESTION_TAIL =
  /[,;:–—-]\s*(?:and |so |but |now )?(?:what|what's|how|how's|where|which|who|why|when|can|could|do|does|did|is|are|any|would|should|will|shall|have|has|got|may|am|please|wondering)\b/iu;

/** Where the writer's own statements stop: the offset at which text work begins, else the text's length. */
export function ownWordsEnd(text: string): number {
  return TEXT_WORK.exec(text)?.index ?? text.length;
}

export function isJoke(text: string): boolean {
  return JOKE.test(text);
}

/** The part of a sentence that states something: all of it, or what stands before ", what should I eat?". */
export function statementEnd(sentence: string): number {
  if (
    !sentence
      .trimEnd()
      .replaceAll(/["')\]]+$/gu, "")
      .endsWith("?")
  )
    return sentence.length;
  if (INTERROGATIVE.test(sentence.trimStart())) return 0;
  return QUESTION_TAIL.exec(sentence)?.index ?? 0;
}

/** True where the words before a clause, or the clause itself, make it something else than a plain statement. */
export function isUnreal(sentence: string, clauseStart: number, matchEnd: number): boolean {
  const before = sentence.slice(0, clauseStart);
  if (
    UNREAL.test(before.replace(/\b(?:like|as) i said\b/iu, "").replaceAll(OVER, "")) ||
    INTERROGATIVE.test(before.trimStart())
  )
    return true;
  const rest = sentence.slice(matchEnd).split(/[,;:!?]|\.\s/u, 1)[0] ?? "";
  if (TAKEN_BACK.test(sentence.slice(matchEnd))) return true;
  const own = sentence.slice(clauseStart, matchEnd) + rest;
  if (SARCASM.test(sentence) || ATTRIBUTED.test(sentence.slice(clauseStart + 1))) return true;
  return UNSURE.test(own) || /^\s*(?:if|unless|as if|as though)\b/iu.test(rest);
}
