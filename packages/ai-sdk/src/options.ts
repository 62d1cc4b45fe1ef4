import type { MemoryOptions } from "@spectron/core/adapter";

/** How one call is bound to a user and a conversation. */
export interface MemoryBindingOptions {
  /** Whose memory, such as `org/acme/user/alice`. */
  scope: string;
  /** The conversation, such as the chat id. */
  session: string;
  /** `never` keeps a call (a title, a classification) out of memory. @default "always" */
  store?: "always" | "never" | undefined;
  /** `false` calls the model without recalled memory. @default true */
  recall?: boolean | undefined;
}

export interface MemoryMiddlewareOptions extends MemoryOptions {
  /** Binding of calls that bring none of their own; leave it out when one model serves many users. */
  scope?: string | undefined;
  session?: string | undefined;
}

/** Key of our options under `providerOptions`; removed before the provider sees them. */
export const NAMESPACE = "spectron";

/** Binds one call: spread into `generateText` or `streamText` as `providerOptions`. */
export function memoryOptions(binding: MemoryBindingOptions): {
  [NAMESPACE]: Record<string, string | boolean>;
} {
  return {
    [NAMESPACE]: {
      scope: binding.scope,
      session: binding.session,
      ...(binding.store === undefined ? {} : { store: binding.store }),
      ...(binding.recall === undefined ? {} : { recall: binding.recall }),
    },
  };
}
