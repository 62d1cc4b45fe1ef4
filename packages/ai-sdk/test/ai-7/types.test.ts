import {
  memoryCallbacks,
  memoryMiddleware,
  memoryOptions,
  memoryTools,
  prepareCallWithMemory,
  withMemory,
} from "@spectron/ai-sdk";
import type { MemoryMiddlewareOptions } from "@spectron/ai-sdk";
import type { generateText, LanguageModelMiddleware, streamText, ToolLoopAgentSettings } from "ai";
import type { MockLanguageModelV4 } from "ai/test";
import { expectTypeOf, test } from "vitest";

type GenerateOptions = Parameters<typeof generateText>[0];
type StreamOptions = Parameters<typeof streamText>[0];

test("what the package offers is what ai 7 takes", () => {
  expectTypeOf(memoryMiddleware).returns.toExtend<LanguageModelMiddleware>();
  expectTypeOf(withMemory<MockLanguageModelV4>).returns.toEqualTypeOf<MockLanguageModelV4>();
  expectTypeOf(memoryOptions).returns.toExtend<NonNullable<GenerateOptions["providerOptions"]>>();
  expectTypeOf(memoryTools).returns.toExtend<NonNullable<GenerateOptions["tools"]>>();
  expectTypeOf(memoryCallbacks).returns.toExtend<
    Pick<GenerateOptions, "onStart" | "onEnd"> & Pick<StreamOptions, "onAbort">
  >();
  expectTypeOf(prepareCallWithMemory<never>).returns.toExtend<
    NonNullable<ToolLoopAgentSettings["prepareCall"]>
  >();
});

test("a call cannot be bound without a scope and a session", () => {
  expectTypeOf(memoryOptions).parameter(0).toHaveProperty("scope").toEqualTypeOf<string>();
  expectTypeOf(memoryOptions).parameter(0).toHaveProperty("session").toEqualTypeOf<string>();
  expectTypeOf<MemoryMiddlewareOptions["placement"]>().toEqualTypeOf<
    "system" | "last-user" | undefined
  >();
});
