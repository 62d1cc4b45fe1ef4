/** Waits. An abort only ends the timer: who waits with a signal hears of it from there. */
export async function sleepFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
    });
  });
}
