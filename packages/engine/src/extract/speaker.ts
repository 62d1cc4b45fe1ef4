export interface SpeakerSplit {
  speaker?: string | undefined;
  /** Where the words after `Name: ` begin; 0 without a speaker. */
  bodyStart: number;
}

const LEAD = /^\s{0,4}(\p{Lu}[\p{L}'’.-]*(?: \p{Lu}[\p{L}'’.-]*){0,2}):[ \t]+(?=\S)/u;

/** Heads of notes, forms, mails, logs and chat roles: text before a colon that is no name. */
const NOT_NAMES: ReadonlySet<string> = /* @__PURE__ */ new Set(
  (
    "note notes question questions answer answers warning warnings error errors todo example examples summary context " +
    "system user assistant human ai bot tool agent model subject re fwd fw from to cc bcc date title update edit step " +
    "steps task tasks input output inputs outputs translate translation fact facts important tip tips hint hints bug fix " +
    "reminder url http https link links source sources ref reference references result results goal goals problem issue " +
    "issues background description name email phone address age role job location time day week month year topic text " +
    "message messages reply response prompt instruction instructions rule rules requirement requirements options option " +
    "ingredients directions method pros cons conclusion introduction chapter section part page figure table appendix " +
    "spoiler spoilers disclaimer caution attention notice info information details detail status version file path code " +
    "command usage default defaults expected actual given when then scenario feature story definition quote quotes " +
    "original corrected also btw first second third fourth finally next last please hello hi hey yes no ok okay sure " +
    "thanks remember mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday today " +
    "tomorrow yesterday exception traceback debug trace fatal caused my the a an our your this that these those here " +
    "what why how where who which q a ps"
  ).split(" "),
);

/** Reads a leading `Name: ` (one to three capitalised words) as the speaker of a message. */
export function splitSpeaker(content: string): SpeakerSplit {
  const match = LEAD.exec(content);
  const name = match?.[1];
  if (match === null || name === undefined) return { bodyStart: 0 };
  const isName = name.split(" ").every((word) => {
    const plain = word.replaceAll(/[.’'-]/gu, "");
    const shouted = plain.length > 1 && plain === plain.toUpperCase();
    return !shouted && !NOT_NAMES.has(plain.toLowerCase());
  });
  return isName ? { speaker: name, bodyStart: match[0].length } : { bodyStart: 0 };
}
