import type { PreparedMessage } from "./commands/append-messages.ts";
import { writeDatesOut } from "./extract/dates.ts";
import { compileInjections } from "./extract/compile-injections.ts";
import { findInjections } from "./extract/injection.ts";
import { splitSpeaker } from "./extract/speaker.ts";
import type { LoopShare } from "./loop-share.ts";
import type { Instant } from "./model/records.ts";
import { analyze } from "./recall/analyze.ts";

/** A message as a route hands it over. */
export interface IncomingMessage {
  role: PreparedMessage["role"];
  content: string;
  ts?: number | undefined;
  id?: string | undefined;
  /** The platform's own message, kept beside the turn. */
  parts?: unknown;
  /** False keeps it in the transcript alone. @default true */
  remember?: boolean | undefined;
  /** False: recall finds it, but no fact is made of it. @default true */
  infer?: boolean | undefined;
}

/** Splits off speakers, writes dates out and makes index terms, in slices that leave the event loop free. */
export async function prepareMessages(
  messages: readonly IncomingMessage[],
  now: Instant,
  share: LoopShare,
): Promise<PreparedMessage[]> {
  const prepared: PreparedMessage[] = [];
  for (const message of messages) {
    const shown = writeDatesOut(message.content, message.ts ?? now);
    const { speaker } = splitSpeaker(message.content);
    prepared.push({
      role: message.role,
      speaker: message.role === "user" ? (speaker ?? null) : null,
      text: message.content,
      shown: shown === message.content ? null : shown,
      terms: analyze(message.content).join(" "),
      clientId: message.id ?? null,
      ts: message.ts ?? null,
      parts: message.parts === undefined ? null : JSON.stringify(message.parts),
      remember: message.remember ?? true,
      findings: message.remember === false ? [] : await scan(message.content, share),
    });
    await share.rest();
  }
  return prepared;
}

/** Characters looked at in one go, and how far two looks overlap, so that no planted order falls between them. */
const SCAN = { window: 16_384, overlap: 1024 } as const;

/** Kinds of injection in a text, in steps that leave the event loop free. */
async function scan(text: string, share: LoopShare): Promise<string[]> {
  await compileInjections(share);
  const found = new Set<string>();
  for (let at = 0; at === 0 || at + SCAN.overlap < text.length; at += SCAN.window - SCAN.overlap) {
    if (at > 0) await share.rest();
    for (const kind of findInjections(text.slice(at, at + SCAN.window))) found.add(kind);
  }
  return [...found];
}
