const mostZoom = 24;
const roomAround = 90;

/** Which part of the map is seen: map × `scale` + offset are CSS pixels of the canvas. */
export class MapView {
  width = 1;
  height = 1;
  scale = 1;
  #x = 0;
  #y = 0;
  #extent = { width: 1000, height: 600 };

  /** The size of the canvas, and how far items reach. What was seen stays in the middle. */
  resize(width: number, height: number, extent: { width: number; height: number }): void {
    const wasFitted = this.zoom <= 1.001;
    const middle = { x: this.toMapX(this.width / 2), y: this.toMapY(this.height / 2) };
    this.width = width;
    this.height = height;
    this.#extent = extent;
    if (wasFitted) this.fit();
    else this.#place(middle.x, middle.y, width / 2, height / 2);
  }

  /** How many times larger than where all is seen. */
  get zoom(): number {
    return this.scale / this.#fitScale;
  }

  fit(): void {
    this.scale = this.#fitScale;
    this.#place(this.#extent.width / 2, this.#extent.height / 2, this.width / 2, this.height / 2);
  }

  /** So that all of these are seen, with some room around them. */
  show(places: readonly { readonly x: number; readonly y: number }[]): void {
    if (places.length === 0) return;
    const range = (axis: 'x' | 'y'): readonly [low: number, high: number] => {
      const values = places.map((place) => place[axis]);
      return [Math.min(...values), Math.max(...values)];
    };
    const [[left, right], [top, bottom]] = [range('x'), range('y')];
    const scale = Math.min(
      (this.width - 2 * roomAround) / Math.max(1, right - left),
      (this.height - 2 * roomAround) / Math.max(1, bottom - top),
    );
    this.scale = Math.max(1, Math.min(mostZoom, scale / this.#fitScale)) * this.#fitScale;
    this.#place((left + right) / 2, (top + bottom) / 2, this.width / 2, this.height / 2);
  }

  /** Around a point of the canvas, which stays where it is. */
  zoomBy(factor: number, x = this.width / 2, y = this.height / 2): void {
    const [mapX, mapY] = [this.toMapX(x), this.toMapY(y)];
    const zoom = Math.max(1, Math.min(mostZoom, this.zoom * factor));
    this.scale = zoom * this.#fitScale;
    if (zoom === 1) this.fit();
    else this.#place(mapX, mapY, x, y);
  }

  moveBy(x: number, y: number): void {
    this.#x += x;
    this.#y += y;
    this.#hold();
  }

  toX(x: number): number {
    return x * this.scale + this.#x;
  }

  toY(y: number): number {
    return y * this.scale + this.#y;
  }

  toMapX(x: number): number {
    return (x - this.#x) / this.scale;
  }

  toMapY(y: number): number {
    return (y - this.#y) / this.scale;
  }

  get #fitScale(): number {
    const margin = 28;
    return Math.max(
      0.05,
      Math.min(
        (this.width - 2 * margin) / this.#extent.width,
        (this.height - 2 * margin) / this.#extent.height,
      ),
    );
  }

  #place(mapX: number, mapY: number, x: number, y: number): void {
    this.#x = x - mapX * this.scale;
    this.#y = y - mapY * this.scale;
    this.#hold();
  }

  /** The middle of the canvas stays on the map. */
  #hold(): void {
    const hold = (offset: number, size: number, extent: number): number =>
      Math.max(size / 2 - extent * this.scale, Math.min(size / 2, offset));
    this.#x = hold(this.#x, this.width, this.#extent.width);
    this.#y = hold(this.#y, this.height, this.#extent.height);
  }
}
