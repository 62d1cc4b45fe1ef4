interface ProcessLike {
  on?: ((event: "beforeExit", listener: () => void) => unknown) | undefined;
}

/** Process-wide, because Node warns about many listeners and each service has its own outbox. */
const waiting: Set<() => void> = /* @__PURE__ */ new Set();
let isHooked = false;

/** Calls back when a Node process has nothing left to do; elsewhere never. Returns how to take that back. */
export function beforeExit(callback: () => void): () => void {
  const { process } = globalThis as { process?: ProcessLike | undefined };
  if (!isHooked && typeof process?.on === "function") {
    isHooked = true;
    process.on("beforeExit", () => {
      for (const call of waiting) call();
    });
  }
  waiting.add(callback);
  return () => {
    waiting.delete(callback);
  };
}
