// Where things are. Everything that the scripts create lies in these folders, all of them git-ignored.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const toolchain = join(root, '.toolchain');
export const includeFolder = join(toolchain, 'include');
export const stampFolder = join(toolchain, 'stamps');

export const inRoot = (...parts) => join(root, ...parts);
