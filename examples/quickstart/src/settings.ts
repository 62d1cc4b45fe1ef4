import type { ModelAccess } from "./agents.ts";

/** The local model server, or with OPENAI_API_KEY the real service. */
export function modelAccess(localUrl: string | undefined): ModelAccess {
  return {
    baseURL: localUrl,
    apiKey: process.env["OPENAI_API_KEY"] ?? "local",
    model: process.env["OPENAI_MODEL"] ?? "gpt-5-mini",
  };
}
