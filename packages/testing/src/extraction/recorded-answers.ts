import { createHash } from "node:crypto";
import { canonicalJson } from "@spectron/core/protocol";
import type { ExtractInput, ExtractionRequest } from "@spectron/core/protocol";

export interface RecordedExtraction {
  /** SHA-256 of the canonical request that the input makes. */
  sha256: string;
  input: ExtractInput;
  /** What the model sent, as text. */
  answer: string;
}

const AT = Date.UTC(2026, 2, 4, 9);

function fact(more: Record<string, unknown>): Record<string, unknown> {
  return {
    subject: { type: "person", name: "user" },
    targetType: null,
    category: "identity",
    polarity: "affirm",
    confidence: 0.92,
    validFrom: null,
    validUntil: null,
    turnIds: ["0"],
    replaces: null,
    ...more,
  };
}

function answer(more: Record<string, unknown>): string {
  return JSON.stringify({
    facts: [],
    instructions: [],
    uncertainties: [],
    corrections: [],
    ...more,
  });
}

/** Conversations and what a model answered to them; a changed prompt or schema finds none of them. */
export const RECORDED_EXTRACTIONS: readonly RecordedExtraction[] = [
  {
    sha256: "6761f6f2e87795ace161947619e6424e2b99bdc43d593737402e9ece0088c22d",
    input: {
      messages: [
        {
          turnId: "0",
          role: "user",
          content:
            "After eleven years at the clinic I have swapped scalpels for sourdough: since January I run the oven at Brotzeit. Write to me in Danish from here on.",
          ts: AT,
        },
        { turnId: "1", role: "assistant", content: "Tillykke med brødet!", ts: AT + 1000 },
      ],
      known: [],
      now: AT,
    },
    answer: answer({
      facts: [
        fact({
          key: "employer",
          value: "Brotzeit",
          validFrom: "2026-01-01",
          quote: "since January I run the oven at Brotzeit",
        }),
        fact({
          key: "past_employer",
          value: "the clinic",
          quote: "After eleven years at the clinic",
        }),
      ],
      instructions: [
        {
          label: "answer-language",
          description: "Answer in Danish",
          active: true,
          confidence: 0.95,
          turnId: "0",
          quote: "Write to me in Danish from here on",
        },
      ],
    }),
  },
  {
    sha256: "646233cb266fd0d973749a7efb69658a8f0a5e3ac7c0cec7fe2c3c062c058906",
    input: {
      messages: [
        {
          turnId: "t7",
          role: "user",
          content: "Bouldering is over for me, the knees have voted for swimming.",
          ts: AT,
        },
      ],
      known: [
        {
          factId: "attr_1",
          subject: { type: "person", name: "user" },
          key: "hobbies",
          value: "bouldering",
          validFrom: AT - 1000,
        },
      ],
      now: AT,
    },
    answer: answer({
      facts: [
        fact({
          key: "hobbies",
          value: "swimming",
          category: "knowledge",
          turnIds: ["t7"],
          quote: "the knees have voted for swimming",
          replaces: "attr_1",
        }),
      ],
    }),
  },
];

/**
 * The recorded answer to a request.
 *
 * @throws Error for a request that was never recorded: the prompt, the schema or the input changed.
 */
export function recordedAnswer(request: ExtractionRequest): string {
  const sha256 = createHash("sha256").update(canonicalJson(request)).digest("hex");
  const found = RECORDED_EXTRACTIONS.find((recorded) => recorded.sha256 === sha256);
  if (found === undefined)
    throw new Error(
      `No answer is recorded for the extraction request ${sha256}. Record it again after a change of the prompt.`,
    );
  return found.answer;
}
