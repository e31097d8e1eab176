const field = (type: string, id: number): { type: string; id: number } => ({ type, id });
const texts = (id: number): { keyType: string; type: string; id: number } => ({
  keyType: 'string',
  type: 'string',
  id,
});

/** The messages of `.pb` files, in protobufjs's JSON form; docs/vectra.md has them in the usual one. */
export const schema = {
  nested: {
    IndexData: {
      fields: {
        version: field('uint32', 1),
        metadataConfig: field('MetadataConfig', 2),
        items: { rule: 'repeated', ...field('IndexItem', 3) },
      },
    },
    MetadataConfig: { fields: { indexed: { rule: 'repeated', ...field('string', 1) } } },
    IndexItem: {
      // An optional field is a oneof of its own: it is absent unless it was written.
      oneofs: { _metadataFile: { oneof: ['metadataFile'] } },
      fields: {
        id: field('string', 1),
        metadata: { keyType: 'string', ...field('MetadataValue', 2) },
        vector: { rule: 'repeated', options: { packed: true }, ...field('float', 3) },
        norm: field('double', 4),
        metadataFile: { options: { proto3_optional: true }, ...field('string', 5) },
      },
    },
    MetadataValue: {
      oneofs: { value: { oneof: ['stringValue', 'numberValue', 'boolValue'] } },
      fields: {
        stringValue: field('string', 1),
        numberValue: field('double', 2),
        boolValue: field('bool', 3),
      },
    },
    DocumentCatalog: {
      fields: {
        version: field('uint32', 1),
        count: field('uint32', 2),
        uriToId: texts(3),
        idToUri: texts(4),
        uriToHash: texts(5),
      },
    },
  },
};
