/** Patient, so that the programs tell the same story on a busy machine; an application keeps the default. */
export const recall = { timeoutMs: 20_000 };
