import { styleText } from "node:util";

/** Terminal lines of the story. */
export const print = {
  title: (text: string): void => {
    console.log(`\n${styleText("bold", text)}`);
  },
  note: (text: string): void => {
    console.log(styleText("dim", text));
  },
  said: (who: string, text: string): void => {
    console.log(`  ${styleText("cyan", who.padEnd(14))} ${text}`);
  },
  line: (text: string): void => {
    console.log(`  ${text}`);
  },
};
