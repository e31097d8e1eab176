import type { ItemInput, Metadata } from '../../index.ts';

/** An item of a JSON file, and the name of the file that has its whole metadata, if there is one. */
export interface JsonItem {
  readonly item: ItemInput;
  readonly metadataFile?: unknown;
}

/**
 * Takes `{id, vector, metadata}` or, as Vectra's users often have it, the metadata's fields beside the vector. What a
 * vector or an id may be is for the index to say.
 *
 * @throws what `refuse` makes of a text
 */
export function itemOf(
  value: Record<string, unknown>,
  refuse: (problem: string) => Error,
): JsonItem {
  // `norm` is computed anew: it is that of the float32 vector.
  const { id, vector, norm: _norm, metadata, metadataFile, ...fields } = value;
  const [stray] = Object.keys(fields);
  if (metadata !== undefined && stray !== undefined)
    throw refuse(
      `it has the field ${JSON.stringify(stray)} beside metadata; put all of them inside or all of them beside`,
    );
  return {
    item: {
      // Numbers are common as ids in others' files.
      ...(id === undefined || id === null
        ? {}
        : { id: Number.isSafeInteger(id) ? String(id) : (id as string) }),
      vector: vector as number[],
      metadata: (metadata === undefined ? fields : metadata) as Metadata,
    },
    ...(metadataFile === undefined || metadataFile === null ? {} : { metadataFile }),
  };
}
