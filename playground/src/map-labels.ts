interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Texts on a canvas that do not cover each other: those that come first have the first choice. */
export class Labels {
  readonly #context: CanvasRenderingContext2D;
  readonly #taken: Box[] = [];
  readonly #width: number;
  readonly #height: number;

  constructor(context: CanvasRenderingContext2D, width: number, height: number) {
    this.#context = context;
    this.#width = width;
    this.#height = height;
  }

  /** Nothing is written over a dot there. */
  keepFree(x: number, y: number, radius: number): void {
    this.#taken.push({ left: x - radius, top: y - radius, right: x + radius, bottom: y + radius });
  }

  /** Beside the point, wherever there is room; with the font and the colours of the context. Says whether there was any. */
  write(
    text: string,
    x: number,
    y: number,
    { gap = 8, height = 16, centred = false } = {},
  ): boolean {
    const width = this.#context.measureText(text).width;
    const middle = y - height / 2;
    const places: readonly (readonly [left: number, top: number])[] = centred
      ? [[x - width / 2, middle]]
      : [
          [x + gap, middle],
          [x - gap - width, middle],
          [x - width / 2, y - gap - height],
          [x - width / 2, y + gap],
          [x + gap, y - height],
          [x + gap, y],
        ];
    for (const [left, top] of places) {
      const box = { left: left - 2, top, right: left + width + 2, bottom: top + height };
      const inside =
        box.left >= 0 && box.top >= 0 && box.right <= this.#width && box.bottom <= this.#height;
      if (!inside || this.#taken.some((other) => overlaps(box, other))) continue;
      this.#taken.push(box);
      this.#context.textAlign = 'left';
      this.#context.textBaseline = 'middle';
      this.#context.strokeText(text, left, top + height / 2);
      this.#context.fillText(text, left, top + height / 2);
      return true;
    }
    return false;
  }
}

const overlaps = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
