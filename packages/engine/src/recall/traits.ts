const PRAISE =
  /\b(?:wow|awesome|amazing|great|congrats|congratulations|thanks|thank you|cool|nice|lovely|love (?:it|that)|wonderful|fantastic|incredible|impressive|inspiring|proud of you|way to go|good (?:job|luck|idea)|glad|well done|sounds (?:good|fun|great))\b/iu;
const FIRST_PERSON = /\b(?:i|i['’](?:m|ve|d|ll)|my|me|mine|we|we['’](?:re|ve|d|ll)|our|us)\b/iu;
const TIME =
  /\b(?:today|tonight|tomorrow|yesterday|ago|last|past|next|this (?:morning|week|weekend|month|year|summer|winter|spring|fall|autumn)|since|recently|weekend|(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|june|july|august|september|october|november|december|years?|months?|weeks?|days?|(?:19|20)\d\d)\b/iu;

/** A day, month or year with its year, as dates are written out; captions of pictures hold none. */
const FULL_DATE =
  /\[(?!shares )[^\]]*\b(?:19|20)\d\d\]|\b\p{Lu}[\p{Ll}]{2,8}\.?(?: \d{1,2}(?:st|nd|rd|th)?)?,? (?:19|20)\d\d\b/u;

/** What a turn's text says about itself, whatever is asked. */
export interface Traits {
  praises: boolean;
  asks: boolean;
  isFirstPerson: boolean;
  namesTime: boolean;
  /** It names a time to the day, month or year. */
  namesDate: boolean;
}

export function traitsOf(text: string): Traits {
  return {
    praises: PRAISE.test(text),
    asks: endsWithQuestion(text),
    isFirstPerson: FIRST_PERSON.test(text),
    namesTime: TIME.test(text),
    namesDate: FULL_DATE.test(text),
  };
}

/** True for a text that ends by asking, in any script, also before a shared picture's caption. */
function endsWithQuestion(text: string): boolean {
  return /[?？؟՞]["'”’)\s]*(?:\[[^\]]*\]\s*)?$/u.test(text);
}
