/** Lets the long work of several calls share the event loop: between two turns of it one slice runs, whoever works. */
export interface LoopShare {
  /** Settles at once while the slice has time left, else in a later turn of the loop, when it is this caller's. */
  rest(): Promise<void> | undefined;
}

/** Longest slice, in milliseconds. */
const SLICE_MS = 8;

export function createLoopShare(options: { sliceMs?: number | undefined } = {}): LoopShare {
  const sliceMs = options.sliceMs ?? SLICE_MS;
  const waiting: (() => void)[] = [];
  let sliceEnds = 0;

  function wake(): void {
    sliceEnds = performance.now() + sliceMs;
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(wake);
  }

  return {
    rest() {
      if (waiting.length === 0 && performance.now() < sliceEnds) return undefined;
      return new Promise((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 1) setImmediate(wake);
      });
    },
  };
}
