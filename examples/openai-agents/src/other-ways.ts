import { Runner } from "@openai/agents";
import type { Agent, Session } from "@openai/agents";
import type { Spectron } from "@spectron/core";
import {
  memoryGuardrail,
  memoryInputFilter,
  memorySession,
  memoryTools,
  runRecorder,
} from "@spectron/openai-agents";

/** Whose memory and which conversation. */
interface Memory {
  spectron: Spectron;
  scope: string;
  session: string;
}

/** Memory beside a session that you already have. */
export function besideYourSession(memory: Memory, yourSession: Session): Session {
  // #region transcript
  const session = memorySession({ ...memory, transcript: yourSession });
  // #endregion
  return session;
}

/** Memory for every agent of a runner, without touching the agents. */
export function runnerWithMemory(memory: Memory): Runner {
  // #region filter
  const runner = new Runner({
    tracingDisabled: true,
    callModelInputFilter: memoryInputFilter(memory),
  });
  // #endregion
  return runner;
}

/** An agent that may look things up, and that forgets what it is asked to forget. */
export function carefulAgent(memory: Memory, agent: Agent): Agent {
  // #region tools
  const careful = agent.clone({
    tools: [...agent.tools, ...memoryTools({ ...memory, needsApproval: ["forget"] })],
    inputGuardrails: [memoryGuardrail(memory)],
  });
  // #endregion
  return careful;
}

/** A conversation that the provider keeps never reaches a session. */
export async function providerConversation(
  memory: Memory,
  agent: Agent,
  text: string,
): Promise<string> {
  const runner = new Runner({ tracingDisabled: true });
  // #region recorder
  const remember = runRecorder(memory);
  const result = await runner.run(agent, text, { conversationId: "conv_123" });
  await remember(result);
  // #endregion
  return result.finalOutput ?? "";
}
