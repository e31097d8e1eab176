/** A folder beside another one, for what is removed in the end. */
export function temporaryFolder(folder: string, kind: 'export' | 'import'): string {
  const number = [...crypto.getRandomValues(new Uint8Array(8))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
  return `${folder}.${kind}-${number}`;
}

/** Whether a folder is one of those, and what it is of. */
export const temporaryName: RegExp = /\.(export|import)-[0-9a-f]{16}$/;
