/** The last lines said in a room, for those who come later. Bounded in lines and in characters. */

export interface SaidLine {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** With its sender, without tags. */
  readonly text: string;
}

export class History {
  readonly #linesMax: number;
  readonly #bytesMax: number;
  readonly #lines: SaidLine[] = [];
  #bytes = 0;

  constructor(linesMax: number, bytesMax: number) {
    this.#linesMax = linesMax;
    this.#bytesMax = bytesMax;
  }

  /** The oldest first. */
  get lines(): readonly SaidLine[] {
    return this.#lines;
  }

  add(line: SaidLine): void {
    this.#lines.push(line);
    this.#bytes += line.text.length;
    while (this.#lines.length > this.#linesMax || this.#bytes > this.#bytesMax) {
      this.#bytes -= this.#lines.shift()?.text.length ?? 0;
    }
  }
}
