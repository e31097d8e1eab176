import quiver = require('quiverdb');

async function main(): Promise<void> {
  const index = new quiver.LocalIndex('./index');
  const ids: string[] = (await index.listItems()).map(({ id }) => id);
  const result: quiver.WriteResult = await index.upsertItems([{ id: ids[0] ?? 'a', vector: [1] }]);
  console.log(result);
}

void main();
