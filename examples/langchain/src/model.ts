import { ChatOpenAI } from "@langchain/openai";
import { startModelServer } from "@spectron/example-quickstart/model-server";

export interface OpenModel {
  model: ChatOpenAI;
  close(): Promise<void>;
}

/** OpenAI with OPENAI_API_KEY, else the same provider against a small local server that answers from its prompt. */
export async function openModel(): Promise<OpenModel> {
  const apiKey = process.env["OPENAI_API_KEY"];
  const settings = { model: process.env["OPENAI_MODEL"] ?? "gpt-5-mini", useResponsesApi: true };
  if (apiKey !== undefined)
    return { model: new ChatOpenAI({ ...settings, apiKey }), close: async () => undefined };
  const server = await startModelServer();
  const model = new ChatOpenAI({
    ...settings,
    apiKey: "local",
    configuration: { baseURL: server.url },
  });
  return { model, close: async () => server.close() };
}
