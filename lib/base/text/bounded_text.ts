/** How much of the end of a program's output explains how it failed, in characters. */
export const TAIL_CHARS = 64 * 1024;

/** The text of a stream: all of it up to a limit of characters, beyond that its end. */
export class BoundedText {
  readonly #maxChars: number;
  #parts: string[] = [];
  /** Of the kept parts. */
  #length = 0;
  #total = 0;

  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  /** How many characters came, kept or not. */
  get total(): number {
    return this.#total;
  }

  /** Whether more came than was kept. */
  get isCut(): boolean {
    return this.#total > this.#maxChars;
  }

  push(text: string): void {
    this.#total += text.length;
    if (text === "" || this.#maxChars === 0) return;
    const kept = text.slice(-this.#maxChars);
    this.#parts.push(kept);
    this.#length += kept.length;
    // Half as much again, so that the end is not put together for each piece.
    if (this.#length > this.#maxChars * 1.5) this.#compact();
  }

  text(): string {
    this.#compact();
    return this.#parts[0] ?? "";
  }

  #compact(): void {
    const text = this.#parts.join("").slice(-this.#maxChars);
    this.#parts = text === "" ? [] : [text];
    this.#length = text.length;
  }
}
