/** Thrown by a command whose effect must not stay; the store undoes it and answers with the value. */
export class RolledBack extends Error {
  override readonly name: string = "RolledBack";
  readonly value: unknown;

  constructor(value: unknown) {
    super("The command asked to be undone.");
    this.value = value;
  }
}
