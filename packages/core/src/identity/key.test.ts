import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  conversationDigest,
  idempotencyKey,
  messageDigest,
  messageUnit,
  requestFingerprint,
  sha256,
} from "./key.ts";
import type { KeyKind, NormalMessage } from "./key.ts";

const A = [["org/acme/user/alice"]];
const B = [["org/acme/user/bob"]];
const hi: NormalMessage = { role: "user", text: "My name is Alice." };
const hello: NormalMessage = { role: "assistant", text: "Hello Alice!" };
const yes: NormalMessage = { role: "user", text: "yes" };

/** The platform's own hash is asked first; without one there is WebCrypto. */
describe.each([
  ["Node's own hash", () => undefined],
  ["WebCrypto", () => vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never)],
])("by %s", (_, arrange) => {
  beforeEach(() => {
    arrange();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test("text that is not well-formed is hashed as UTF-8 writes it", async () => {
    expect(await sha256("a \ud800 b")).toBe(await sha256("a \ufffd b"));
  });

  describe("digests", () => {
    test.each([
      [hi, "m2gXu7tqZGjyAjCEUaMdc8"],
      [hello, "tN9F3z7bC2zWL6U92a_fSc"],
      [yes, "nuv-Z2U9D21TJDnxxjkuUX"],
    ])("of %o", async (message, digest) => {
      expect(await messageDigest(message)).toBe(digest);
    });

    test("of a conversation", async () => {
      expect(await conversationDigest([])).toBe("T1PNoYwrqgwDVLtfmj7L5e");
      expect(await conversationDigest([hi, hello])).toBe("HjeM8u9dOnG8goJcQvtn0z");
    });

    test("do not change with composition, line ends or the order of arguments", async () => {
      expect(await messageDigest({ role: "user", text: "cafe\u0301\r\n" })).toBe(
        await messageDigest({ role: "user", text: "caf\u00e9\n" }),
      );
      const call = { role: "assistant", text: "", tool: "find" };
      expect(await messageDigest({ ...call, args: '{"b":1,"a":2}' })).toBe(
        await messageDigest({ ...call, args: '{ "a": 2, "b": 1 }' }),
      );
    });
  });

  test.each<[string, string[][], string, KeyKind, () => Promise<string[]>, string]>([
    [
      "langchain",
      A,
      "thread-42",
      "batch",
      async () => [await messageUnit("m1", hi), await messageUnit("m2", hello)],
      "mem1-langchain-yzHl2ZD40v9tnVxmPGVvtV9LqeO2ytVpzmW64P2bIHw",
    ],
    [
      "langchain",
      A,
      "thread-42",
      "batch",
      async () => [await messageUnit("m1", yes)],
      "mem1-langchain-RuYWe02_C8-VTcOi28T8CsSZ8jWSETHdBfTB-pKRqbY",
    ],
    [
      "langchain",
      A,
      "thread-42",
      "batch",
      async () => [await messageUnit("#4", yes)],
      "mem1-langchain-ztN2k22gDUnpr4L7z6Ru-H8cm4EjergsqxKhTpJCjg4",
    ],
    [
      "langchain",
      A,
      "thread-42",
      "batch",
      async () => [await messageUnit("#6", yes)],
      "mem1-langchain-_zRGxgoKn2lAXceC4cCGzhvo1MrdF3C7sD3UEp9s3Xs",
    ],
    [
      "ai-sdk",
      A,
      "chat-7",
      "batch",
      async () => [await messageUnit(`~${await conversationDigest([])}`, hi)],
      "mem1-ai-sdk-gorpQYSA77nUgmSMIA17Yg2sm7BVIoWYbkPTw5cYdEE",
    ],
    [
      "ai-sdk",
      A,
      "chat-7",
      "batch",
      async () => [await messageUnit(`~${await conversationDigest([hi, hello])}`, yes)],
      "mem1-ai-sdk-f0l2pYOw7iX740fbhFjcluBxxF4Dd1Y_2oZkArvOGFM",
    ],
    [
      "openai-agents",
      A,
      "sess-9",
      "op",
      async () => ["tx_1:1:accepted_append:0:2"],
      "mem1-openai-agents-FJYakkv9dhuh0wXg2RJlcO0NGGsqpKr4GkVJ_REpukM",
    ],
    [
      "langchain",
      A,
      "thread-42",
      "session",
      async () => [],
      "mem1-langchain-QMU8OuRXr1fPwtn7889E5qu-ASk_f_WIs8PXBqHBdcM",
    ],
    [
      "langchain",
      B,
      "thread-42",
      "session",
      async () => [],
      "mem1-langchain-g0R3Kt3H4ZKX0ZFfRlK73AYJiGWxud5dt2YQ3wYFTA0",
    ],
  ])("the key of %s %j %s %s", async (adapter, scopes, thread, kind, units, key) => {
    expect(
      await idempotencyKey({ adapter, context: "dev", scopes, thread, kind, units: await units() }),
    ).toBe(key);
  });

  test("the fingerprint of a body does not depend on field order", async () => {
    const fingerprint = "93e3551bbdc1f9a70e3ed879d5b682444c9420f6c7e0080677d9ae61b134cadf";
    const messages = [{ content: "hi", role: "user" }];
    const path = "/api/v1/dev/facts/batch";
    expect(await requestFingerprint("POST", path, { session_id: "s1", messages })).toBe(
      fingerprint,
    );
    expect(await requestFingerprint("POST", path, { messages, session_id: "s1" })).toBe(
      fingerprint,
    );
  });
});
