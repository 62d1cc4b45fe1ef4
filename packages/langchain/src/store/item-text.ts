/** The words by which an item is found: of the named fields, or of every field. */
export function itemText(value: object, fields: readonly string[] | undefined): string {
  const paths = fields ?? ["$"];
  const lines = paths.flatMap((path) =>
    path === "$" ? describe(value) : leavesAt(value, stepsOf(path)),
  );
  return [...new Set(lines)].filter((line) => line.trim() !== "").join("\n");
}

/** One text is said as it is; several fields say their names. */
function describe(value: object): string[] {
  const leaves = [...leavesOf(value, "")];
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return [only.text];
  return leaves.map(({ path, text }) => `${path}: ${text}`);
}

function* leavesOf(value: unknown, path: string): Generator<{ path: string; text: string }> {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    yield { path, text: String(value) };
  } else if (Array.isArray(value)) {
    for (const item of value) yield* leavesOf(item, path);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value))
      yield* leavesOf(item, path === "" ? key : `${path}.${key}`);
  }
}

/** `chapters[*].title` becomes `chapters`, `*`, `title`. */
function stepsOf(path: string): string[] {
  return path
    .replaceAll(/\[([^\]]*)\]/g, ".$1")
    .split(".")
    .filter((step) => step !== "");
}

function leavesAt(value: unknown, steps: readonly string[]): string[] {
  const [step, ...rest] = steps;
  if (step === undefined) return [...leavesOf(value, "")].map(({ text }) => text);
  if (typeof value !== "object" || value === null) return [];
  if (step === "*") return Object.values(value).flatMap((item) => leavesAt(item, rest));
  if (Array.isArray(value)) return leavesAt(value.at(Number(step)), rest);
  return leavesAt((value as Record<string, unknown>)[step], rest);
}
