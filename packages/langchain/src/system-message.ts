import { SystemMessage } from "@langchain/core/messages";

interface PromptRequest {
  systemPrompt?: string | undefined;
  /** Absent before langchain 1.1. */
  systemMessage?: SystemMessage | undefined;
}

/** Puts the memory block behind the application's own prompt, so that a provider's prompt cache keeps its prefix. */
export function withMemoryBlock<Request extends PromptRequest>(
  request: Request,
  block: string,
): Request {
  if (block === "") return request;
  const own = request.systemMessage;
  if (own === undefined) {
    const prompt = request.systemPrompt ?? "";
    return { ...request, systemPrompt: prompt === "" ? block : `${prompt}\n\n${block}` };
  }
  // providers refuse empty text blocks, so nothing is appended to an empty prompt
  const systemMessage = own.text === "" ? new SystemMessage(block) : own.concat(`\n\n${block}`);
  return { ...request, systemMessage };
}
