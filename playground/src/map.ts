import { byId, element, oncePerFrame } from './dom.ts';
import { Labels } from './map-labels.ts';
import { MapView } from './map-view.ts';
import { headword, type Sense, type StoredSense, shortPart, topicOf, topics } from './sense.ts';

interface Place {
  readonly x: number;
  readonly y: number;
}

/** What is lit: where the query lies, and what is near it, the nearest first. */
export interface Lit {
  readonly label: string;
  readonly at: Place;
  readonly hits: readonly StoredSense[];
}

interface Colours {
  readonly topics: readonly string[];
  readonly ink: string;
  readonly muted: string;
  readonly surface: string;
  readonly accent: string;
}

/** From here on words are written beside the points instead of topics over them. */
const zoomForWords = 2.4;
const mostWords = 90;
const reach = 14;

/**
 * All senses on a plane. Two canvases: the points, drawn again when the view changes, and over them what a search lights up,
 * drawn again with each search.
 */
export class SenseMap {
  readonly #stage = byId('map', HTMLElement);
  readonly #tooltip = byId('tooltip', HTMLElement);
  readonly #base = this.#canvas('.map-base');
  readonly #over = this.#canvas('.map-lit');
  readonly #view = new MapView();
  readonly #onPick: (sense: StoredSense) => void;
  readonly #draw = oncePerFrame(() => {
    this.#drawBase();
    this.#drawOver();
  });
  readonly #drawLit = oncePerFrame(() => this.#drawOver());
  #colours: Colours = readColours();
  #senses: readonly StoredSense[] = [];
  #topicPlaces: readonly Place[] = [];
  #accepts: (sense: Sense) => boolean = () => true;
  #lit: Lit | null = null;
  #pointed: string | null = null;

  constructor(onPick: (sense: StoredSense) => void) {
    this.#onPick = onPick;
    new ResizeObserver(() => this.#resize()).observe(this.#stage);
    this.#listen();
  }

  /** Of the last drawing of all points, in milliseconds. */
  drawTime = 0;

  show(senses: readonly StoredSense[]): void {
    this.#senses = senses;
    this.#topicPlaces = topics.map((_, topic) => densest(senses, topic));
    this.#resize();
  }

  filter(accepts: (sense: Sense) => boolean): void {
    this.#accepts = accepts;
    this.#draw();
  }

  light(lit: Lit | null): void {
    this.#lit = lit;
    this.#stage.classList.toggle('searching', lit !== null);
    this.#drawLit();
  }

  /** Rings the item of that id. */
  point(id: string | null): void {
    if (id === this.#pointed) return;
    this.#pointed = id;
    this.#drawLit();
  }

  recolour(): void {
    this.#colours = readColours();
    this.#draw();
  }

  #canvas(selector: string): CanvasRenderingContext2D {
    const context = this.#stage.querySelector<HTMLCanvasElement>(selector)?.getContext('2d');
    if (!context) throw new Error('This browser cannot draw on a canvas');
    return context;
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#stage;
    const density = Math.min(2, devicePixelRatio);
    for (const context of [this.#base, this.#over]) {
      context.canvas.width = Math.round(clientWidth * density);
      context.canvas.height = Math.round(clientHeight * density);
      context.setTransform(density, 0, 0, density, 0, 0);
    }
    const furthest = (axis: 'x' | 'y'): number =>
      this.#senses.reduce((most, sense) => Math.max(most, sense[axis]), 1);
    this.#view.resize(clientWidth, clientHeight, { width: furthest('x'), height: furthest('y') });
    this.#draw();
  }

  #drawBase(): void {
    const start = performance.now();
    const view = this.#view;
    const context = this.#base;
    const radius = Math.min(5, 1.1 + 0.75 * Math.sqrt(view.zoom)) * (view.width < 500 ? 0.8 : 1);
    const byTopic: StoredSense[][] = topics.map(() => []);
    const refused: StoredSense[] = [];
    const seen = this.#senses.filter(({ x, y }) => {
      const [left, top] = [view.toX(x), view.toY(y)];
      return left > -9 && top > -9 && left < view.width + 9 && top < view.height + 9;
    });
    for (const sense of seen)
      (this.#accepts(sense) ? byTopic[topicOf(sense)] : refused)?.push(sense);
    context.clearRect(0, 0, view.width, view.height);
    context.globalAlpha = 0.12;
    this.#dots(context, refused, radius, this.#colours.muted);
    context.globalAlpha = 0.85;
    for (const [topic, senses] of byTopic.entries())
      this.#dots(context, senses, radius, this.#colours.topics[topic] as string);
    context.globalAlpha = 1;
    const labels = new Labels(context, view.width, view.height);
    context.strokeStyle = this.#colours.surface;
    context.lineJoin = 'round';
    if (view.zoom < zoomForWords) this.#writeTopics(context, labels, byTopic);
    else this.#writeWords(context, labels, byTopic.flat(), radius);
    this.drawTime = performance.now() - start;
  }

  #dots(
    context: CanvasRenderingContext2D,
    senses: readonly Place[],
    radius: number,
    colour: string,
  ): void {
    context.fillStyle = colour;
    context.beginPath();
    for (const { x, y } of senses) {
      const [left, top] = [this.#view.toX(x), this.#view.toY(y)];
      context.moveTo(left + radius, top);
      context.arc(left, top, radius, 0, 2 * Math.PI);
    }
    context.fill();
  }

  #writeTopics(
    context: CanvasRenderingContext2D,
    labels: Labels,
    byTopic: readonly StoredSense[][],
  ): void {
    context.font = `600 ${this.#view.width < 500 ? 11 : 13}px ${fontOf(this.#stage)}`;
    context.lineWidth = 4;
    context.fillStyle = this.#colours.ink;
    for (const [topic, { name }] of topics.entries()) {
      const place = this.#topicPlaces[topic];
      if (place === undefined || byTopic[topic]?.length === 0) continue;
      labels.write(name, this.#view.toX(place.x), this.#view.toY(place.y), {
        centred: true,
        height: 18,
      });
    }
  }

  #writeWords(
    context: CanvasRenderingContext2D,
    labels: Labels,
    senses: readonly StoredSense[],
    radius: number,
  ): void {
    context.font = `12px ${fontOf(this.#stage)}`;
    context.lineWidth = 3;
    context.fillStyle = this.#colours.muted;
    let written = 0;
    for (const sense of senses) {
      const [left, top] = [this.#view.toX(sense.x), this.#view.toY(sense.y)];
      if (labels.write(headword(sense), left, top, { gap: radius + 3 })) written++;
      if (written >= mostWords) break;
    }
  }

  #drawOver(): void {
    const view = this.#view;
    const context = this.#over;
    context.clearRect(0, 0, view.width, view.height);
    if (this.#lit !== null) this.#drawHits(this.#lit);
    const pointed = this.#senses.find(({ id }) => id === this.#pointed);
    if (pointed === undefined) return;
    context.strokeStyle = this.#colours.ink;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(view.toX(pointed.x), view.toY(pointed.y), 9, 0, 2 * Math.PI);
    context.stroke();
  }

  #drawHits({ label, at, hits }: Lit): void {
    const view = this.#view;
    const context = this.#over;
    const [fromX, fromY] = [view.toX(at.x), view.toY(at.y)];
    context.lineWidth = 1.2;
    context.strokeStyle = this.#colours.accent;
    for (const [rank, hit] of hits.entries()) {
      context.globalAlpha = 0.75 - (0.55 * rank) / hits.length;
      context.beginPath();
      context.moveTo(fromX, fromY);
      context.lineTo(view.toX(hit.x), view.toY(hit.y));
      context.stroke();
    }
    context.globalAlpha = 1;
    const labels = new Labels(context, view.width, view.height);
    labels.keepFree(fromX, fromY, 8);
    for (const hit of hits) {
      const [x, y] = [view.toX(hit.x), view.toY(hit.y)];
      labels.keepFree(x, y, 4);
      context.beginPath();
      context.arc(x, y, 5.5, 0, 2 * Math.PI);
      context.fillStyle = this.#colours.surface;
      context.fill();
      this.#dots(context, [hit], 4, this.#colours.topics[topicOf(hit)] as string);
    }
    context.beginPath();
    context.arc(fromX, fromY, 6, 0, 2 * Math.PI);
    context.fillStyle = this.#colours.surface;
    context.fill();
    context.lineWidth = 3;
    context.stroke();
    context.strokeStyle = this.#colours.surface;
    context.lineJoin = 'round';
    context.lineWidth = 4;
    context.font = `600 14px ${fontOf(this.#stage)}`;
    context.fillStyle = this.#colours.accent;
    labels.write(label, fromX, fromY, { gap: 11, height: 18 });
    context.font = `13px ${fontOf(this.#stage)}`;
    context.fillStyle = this.#colours.ink;
    const written = new Set<string>();
    for (const hit of hits) {
      const word = headword(hit);
      if (written.has(word)) continue;
      written.add(word);
      labels.write(word, view.toX(hit.x), view.toY(hit.y));
    }
  }

  #listen(): void {
    const pointers = new Map<number, PointerEvent>();
    let moved = 0;
    const stage = this.#stage;
    stage.addEventListener('pointerdown', (event) => {
      pointers.set(event.pointerId, event);
      stage.setPointerCapture(event.pointerId);
      moved = 0;
    });
    stage.addEventListener('pointermove', (event) => {
      const before = pointers.get(event.pointerId);
      if (before === undefined) {
        this.#hover(event);
        return;
      }
      const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
      moved += Math.hypot(dx, dy);
      const other = [...pointers.values()].find(({ pointerId }) => pointerId !== event.pointerId);
      if (other !== undefined) {
        const apart = (one: PointerEvent): number =>
          Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
        this.#zoom(apart(event) / Math.max(1, apart(before)), other);
      } else if (moved > 4) {
        this.#view.moveBy(dx, dy);
        this.#tooltip.hidden = true;
        this.#draw();
      }
      pointers.set(event.pointerId, event);
    });
    stage.addEventListener('pointerup', (event) => {
      if (pointers.size === 1 && moved <= 4) {
        const sense = this.#nearest(event);
        if (sense !== undefined) this.#onPick(sense);
      }
      pointers.delete(event.pointerId);
    });
    stage.addEventListener('pointercancel', (event) => pointers.delete(event.pointerId));
    stage.addEventListener('pointerleave', () => {
      this.#tooltip.hidden = true;
      this.point(null);
    });
    stage.addEventListener('dblclick', (event) => this.#zoom(2, event));
    stage.addEventListener(
      'wheel',
      (event) => {
        // A page that scrolls past a map goes on scrolling, unless the map was clicked or the gesture is a pinch.
        if (!event.ctrlKey && document.activeElement !== stage) return;
        event.preventDefault();
        this.#zoom(2 ** (-event.deltaY / (event.ctrlKey ? 80 : 240)), event);
      },
      { passive: false },
    );
    stage.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const move = moves[event.key];
      if (move !== undefined) this.#view.moveBy(move[0], move[1]);
      else if (event.key === '+' || event.key === '=') this.#view.zoomBy(1.5);
      else if (event.key === '-') this.#view.zoomBy(1 / 1.5);
      else if (event.key === '0') this.#view.fit();
      else return;
      event.preventDefault();
      this.#draw();
    });
    for (const button of document.querySelectorAll<HTMLButtonElement>('[data-zoom]')) {
      button.addEventListener('click', () => {
        const { zoom } = button.dataset;
        if (zoom === 'all') this.#view.fit();
        else if (zoom === 'lit')
          this.#view.show(this.#lit === null ? [] : [this.#lit.at, ...this.#lit.hits]);
        else this.#view.zoomBy(zoom === 'in' ? 1.6 : 1 / 1.6);
        this.#draw();
      });
    }
  }

  #zoom(factor: number, at: { clientX: number; clientY: number }): void {
    const { left, top } = this.#stage.getBoundingClientRect();
    this.#view.zoomBy(factor, at.clientX - left, at.clientY - top);
    this.#tooltip.hidden = true;
    this.#draw();
  }

  #hover(event: PointerEvent): void {
    const sense = this.#nearest(event);
    this.point(sense?.id ?? null);
    this.#stage.classList.toggle('on-point', sense !== undefined);
    this.#tooltip.hidden = sense === undefined;
    if (sense === undefined) return;
    this.#tooltip.replaceChildren(
      element('span', { class: 'word' }, headword(sense)),
      ' ',
      element('em', {}, shortPart(sense.pos)),
      element('span', { class: 'gloss' }, sense.gloss),
      element(
        'span',
        { class: 'domain' },
        element('span', { class: `dot topic-${topicOf(sense)}` }),
        sense.domain,
      ),
    );
    const [x, y] = [this.#view.toX(sense.x), this.#view.toY(sense.y)];
    const { offsetWidth: width, offsetHeight: height } = this.#tooltip;
    const left = Math.max(4, Math.min(this.#view.width - width - 4, x - width / 2));
    const top = y - height - 14 < 0 ? y + 14 : y - height - 14;
    this.#tooltip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  #nearest({ clientX, clientY }: { clientX: number; clientY: number }): StoredSense | undefined {
    const bounds = this.#stage.getBoundingClientRect();
    const x = this.#view.toMapX(clientX - bounds.left);
    const y = this.#view.toMapY(clientY - bounds.top);
    let best: StoredSense | undefined;
    let distance = reach / this.#view.scale;
    for (const sense of this.#senses) {
      const away = Math.hypot(sense.x - x, sense.y - y);
      if (away >= distance || !this.#accepts(sense)) continue;
      best = sense;
      distance = away;
    }
    return best;
  }
}

const moves: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [60, 0],
  ArrowRight: [-60, 0],
  ArrowUp: [0, 60],
  ArrowDown: [0, -60],
};

const fontOf = (of: Element): string => getComputedStyle(of).fontFamily;

/** Where most of a topic's senses lie together. */
function densest(senses: readonly StoredSense[], topic: number): Place {
  const cell = 60;
  const cells = new Map<string, Place[]>();
  for (const sense of senses) {
    if (topicOf(sense) !== topic) continue;
    // Each one counts for the cells around it too, so that the border of two does not cut a crowd in half.
    for (const dx of [-1, 0, 1]) {
      for (const dy of [-1, 0, 1]) {
        const key = `${Math.floor(sense.x / cell) + dx} ${Math.floor(sense.y / cell) + dy}`;
        const found = cells.get(key);
        if (found === undefined) cells.set(key, [sense]);
        else found.push(sense);
      }
    }
  }
  const crowd = [...cells.values()].reduce((a, b) => (b.length > a.length ? b : a), []);
  const mean = (axis: 'x' | 'y'): number =>
    crowd.reduce((sum, place) => sum + place[axis], 0) / Math.max(1, crowd.length);
  return { x: mean('x'), y: mean('y') };
}

/** As style.css has them now; a canvas knows no variables. */
function readColours(): Colours {
  const probe = element('span', { hidden: '' });
  document.body.append(probe);
  const read = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    topics: topics.map((_, topic) => read(`topic-${topic}`)),
    ink: read('ink'),
    muted: read('muted'),
    surface: read('surface'),
    accent: read('accent'),
  };
  probe.remove();
  return colours;
}
