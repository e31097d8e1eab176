/** A name that nobody else has. (`crypto.randomUUID` is missing on pages without https.) */
export function randomName(): string {
  return [...crypto.getRandomValues(new Uint8Array(8))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

/** A folder beside another one, for what is removed in the end. */
export function temporaryFolder(folder: string, kind: 'export' | 'import'): string {
  return `${folder}.${kind}-${randomName()}`;
}

/** Whether a folder is one of those. */
export const temporaryName: RegExp = /\.(export|import)-[0-9a-f]{16}$/;
