import { Agent, handoff, tool } from "@openai/agents";
import type { Model } from "@openai/agents";
import type { Spectron } from "@spectron/core";
import { memorySession, withMemoryInstructions } from "@spectron/openai-agents";
import type { MemorySession } from "@spectron/openai-agents";

/** Models of the two agents: names of real ones, or scripts. */
export interface DeskModels {
  triage: string | Model;
  refunds: string | Model;
}

export interface Desk {
  triage: Agent;
  session: MemorySession;
}

/** A support desk for one customer: triage hands over to refunds, and a refund waits for a person. */
export function createDesk(
  spectron: Spectron,
  options: {
    customer: string;
    conversation: string;
    models: DeskModels;
    onRefund: (order: string) => void;
  },
): Desk {
  const { customer, conversation, models, onRefund } = options;
  // #region desk
  const memory = { spectron, scope: `org/acme/customer/${customer}`, session: conversation };

  const refund = tool({
    name: "refund",
    description: "Refunds an order.",
    parameters: {
      type: "object",
      properties: { order: { type: "string" } },
      required: ["order"],
      additionalProperties: false,
    },
    strict: true,
    needsApproval: true,
    execute: async (input) => {
      const { order } = input as { order: string };
      onRefund(order);
      return `Order ${order} is refunded.`;
    },
  });

  const refunds = withMemoryInstructions(
    new Agent({
      name: "Refunds",
      instructions: "Refund what the customer asks for.",
      model: models.refunds,
      tools: [refund],
    }),
    memory,
  );
  const triage = withMemoryInstructions(
    new Agent({
      name: "Triage",
      instructions: "Answer, or hand over to refunds.",
      model: models.triage,
      handoffs: [handoff(refunds)],
    }),
    memory,
  );
  const session = memorySession({ ...memory, tools: { include: ["refund"] } });
  // #endregion
  return { triage, session };
}
