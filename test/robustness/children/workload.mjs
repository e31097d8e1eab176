// A workload that two processes can follow: operation k is the same wherever it is computed. One process carries it out,
// the other knows what the index must hold after the first k operations.

/** mulberry32: small, and the same everywhere. */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const dimensions = 16;

const item = (id, revision) => {
  const random = randomFrom(
    revision * 7919 + [...id].reduce((sum, c) => sum * 31 + c.charCodeAt(0), 7),
  );
  return {
    id,
    vector: Float32Array.from({ length: dimensions }, () => random() - 0.5),
    metadata: { revision, text: 'x'.repeat(Math.floor(random() * 40)) },
  };
};

/** The operations of a seed, one after the other; each is a list of steps that take effect together. */
export class Workload {
  /** What the index holds after the operations so far: id → item. */
  items = new Map();
  #random;
  #operation = 0;

  constructor(seed) {
    this.#random = randomFrom(seed);
  }

  /** The next operation. The model has it already. */
  next() {
    const number = ++this.#operation;
    const below = (limit) => Math.floor(this.#random() * limit);
    const steps = [];
    const count = this.#random() < 0.2 ? 2 + below(3) : 1;
    for (let step = 0; step < count; step++) steps.push(this.#step(`${number}.${step}`, below));
    return steps;
  }

  #step(name, below) {
    const known = [...this.items.keys()];
    const some = () =>
      new Set(Array.from({ length: 1 + below(30) }, () => known[below(known.length)]));
    const kind = known.length < 50 ? 'insert' : ['insert', 'insert', 'upsert', 'delete'][below(4)];
    if (kind === 'delete') {
      const ids = [...some()];
      for (const id of ids) this.items.delete(id);
      return { kind, ids };
    }
    const fresh = Array.from({ length: 1 + below(120) }, (_, i) => `${name}-${i}`);
    const ids = kind === 'insert' ? fresh : [...some(), ...fresh.slice(0, 5)];
    const items = ids.map((id) => item(id, (this.items.get(id)?.metadata.revision ?? 0) + 1));
    for (const each of items) this.items.set(each.id, each);
    return { kind, items };
  }
}

/** Carries out one operation; more than one step makes a transaction. */
export async function carryOut(index, steps) {
  if (steps.length > 1) await index.beginUpdate();
  for (const step of steps) {
    if (step.kind === 'insert') await index.insertItems(step.items);
    else if (step.kind === 'upsert') await index.upsertItems(step.items);
    else await index.deleteItems(step.ids);
  }
  if (steps.length > 1) await index.endUpdate();
}
