import { MemorySession } from "@openai/agents";
import { describeAdapterContract } from "@spectron/testing";
import type { Cannot } from "@spectron/testing";
import { createApp } from "./contract-app.ts";

/** Sessions are given what the SDK decides to store; case by case that is in the tests of saved items. */
const CANNOT: Cannot = {
  askAborted:
    "A session is never given a part of an answer, and of a run without streaming that ends early not even the input.",
  askBroken:
    "Of a run without streaming that fails, a session is not given the input; streams that break have tests of their own.",
  replay:
    "A run has no id and its history stands in the session, so input that arrives again is said again.",
};

describeAdapterContract("OpenAI Agents session", (binding) => createApp(binding, {}), CANNOT);

describeAdapterContract(
  "OpenAI Agents session beside another",
  (binding) => createApp(binding, { transcript: () => new MemorySession() }),
  CANNOT,
);

describeAdapterContract(
  "OpenAI Agents input filter",
  (binding) => createApp(binding, { filter: true }),
  CANNOT,
);
