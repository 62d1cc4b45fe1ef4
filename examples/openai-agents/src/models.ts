import {
  ScriptedModel,
  assistantMessage,
  functionCall,
  modelResponder,
} from "@openai/agents/testing";
import type { DeskModels } from "./desk.ts";

export type Part = "ask" | "approve" | "return";

/** Real models when there is a key; without one, the SDK's scripted model plays the parts. */
export function modelsFor(part: Part, env: Record<string, string | undefined>): DeskModels {
  if ((env["OPENAI_API_KEY"] ?? "") !== "") {
    const name = env["OPENAI_MODEL"] ?? "gpt-5-mini";
    return { triage: name, refunds: name };
  }
  switch (part) {
    case "ask":
      return {
        triage: new ScriptedModel([
          [functionCall("transfer_to_Refunds", {}, { callId: "handoff_1" })],
        ]),
        refunds: new ScriptedModel([
          [functionCall("refund", { order: "A7" }, { callId: "refund_1" })],
        ]),
      };
    case "approve":
      return {
        triage: new ScriptedModel(),
        refunds: new ScriptedModel([[assistantMessage("Your order A7 is refunded.")]]),
      };
    case "return":
      return { triage: new ScriptedModel([answerFromMemory]), refunds: new ScriptedModel() };
  }
}

/** Says what stands in the instructions it was given, and nothing else. */
const answerFromMemory = modelResponder(({ request }) => {
  const known = request.systemInstructions ?? "";
  const of = (pattern: RegExp): string | undefined => pattern.exec(known)?.[1];
  const name = of(/\bname: (.+)/);
  const city = of(/home_city: (.+)/);
  const order = of(/refund\(\{"order":"(\w+)"\}\)/) ?? of(/Order (\w+) is refunded/);
  const parts = [
    name === undefined ? "Hello." : `Hello ${name}.`,
    city === undefined ? "" : `I see you live in ${city}.`,
    order === undefined ? "" : `Order ${order} was refunded.`,
  ];
  return [assistantMessage(parts.filter((text) => text !== "").join(" "))];
});
