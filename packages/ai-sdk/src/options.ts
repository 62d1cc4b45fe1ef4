import type { MemoryOptions } from "@spectron/core/adapter";

/** How one call is bound to a user and a conversation. */
export interface MemoryBindingOptions {
  /** Whose memory, such as `org/acme/user/alice`. */
  scope: string;
  /** The conversation, such as the chat id. */
  session: string;
  /**
   * `never` keeps a call out of memory; `always` also stores a call with structured output.
   *
   * @default "always", and "never" for structured output
   */
  store?: "always" | "never" | undefined;
  /** `false` calls the model without recalled memory. @default true */
  recall?: boolean | undefined;
}

export interface MemoryMiddlewareOptions extends MemoryOptions {
  /** Binding of calls that bring none of their own; leave it out when one model serves many users. */
  scope?: string | undefined;
  session?: string | undefined;
  /**
   * Where memory stands: after the leading system text, or in the last user message, which leaves everything
   * before it to the provider's prompt cache.
   *
   * @default "system"
   */
  placement?: "system" | "last-user" | undefined;
  /**
   * Provider options of the memory block, such as a cache breakpoint:
   * `{ anthropic: { cacheControl: { type: "ephemeral" } } }`. The block then is a message or part of its own.
   */
  blockOptions?: Record<string, Record<string, unknown>> | undefined;
}

/** What `memoryOptions` puts under `providerOptions`, as the middleware and the callbacks read it. */
export interface CallBinding {
  scope?: string;
  session?: string;
  store?: "always" | "never";
  recall?: boolean;
  /** Who stores this call besides the middleware; above zero the middleware only recalls. */
  writers?: number;
}

/** Key of our options under `providerOptions`; removed before the provider sees them. */
export const NAMESPACE = "spectron";

/** Binds one call: pass it as `providerOptions`, spread where you have others. Make one for each call. */
export function memoryOptions(binding: MemoryBindingOptions): {
  [NAMESPACE]: Record<string, string | boolean | number>;
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

/** `providerOptions` of calls that have nothing to do with memory: titles, classifications, sub-agents. */
export const withoutMemory: { [NAMESPACE]: Record<string, string | boolean | number> } = {
  [NAMESPACE]: { store: "never", recall: false },
};

/** The binding that a call brought along. */
export function bindingOf(
  providerOptions: Readonly<Record<string, unknown>> | undefined,
): CallBinding | undefined {
  return providerOptions?.[NAMESPACE] as CallBinding | undefined;
}

/** Marks a call as stored by somebody else than the middleware, until the returned function is called. */
export function claim(binding: CallBinding): () => void {
  binding.writers = (binding.writers ?? 0) + 1;
  let held = true;
  return () => {
    if (held) binding.writers = (binding.writers ?? 1) - 1;
    held = false;
  };
}
