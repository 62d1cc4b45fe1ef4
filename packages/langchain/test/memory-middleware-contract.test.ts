import { AIMessage } from "@langchain/core/messages";
import { fakeModel } from "@langchain/core/testing";
import { memoryMiddleware } from "@spectron/langchain";
import { describeAdapterContract } from "@spectron/testing";
import { createAgent } from "langchain";

describeAdapterContract("LangChain middleware", ({ stream, ...binding }) => {
  const model = fakeModel();
  const agent = createAgent({
    model,
    tools: [],
    systemPrompt: "Be brief.",
    // a busy machine is no outage
    middleware: [memoryMiddleware({ ...binding, recall: { timeoutMs: 20_000 } })],
  });
  return {
    async ask(text, answer) {
      model.respond(new AIMessage(answer));
      const input = { messages: [{ role: "user", content: text }] };
      if (!stream) return (await agent.invoke(input)).messages.at(-1)?.text ?? "";
      let last = "";
      for await (const state of await agent.stream(input, { streamMode: "values" }))
        last = state.messages.at(-1)?.text ?? "";
      return last;
    },
    prompts: () =>
      model.calls.map((call) => call.messages.map((message) => message.text).join("\n")),
  };
});
