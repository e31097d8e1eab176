const separators = /[/\\]+/;
const drive = /^[a-zA-Z]:/;

const isRooted = (path: string): boolean => path.startsWith('/');

/** Whether a name names a file in a folder, and cannot lead out of it. */
export const isFileName = (name: string): boolean =>
  /^[^/\\\0]+$/.test(name) && !/^\.{1,2}$/.test(name);

/** Paths with `/` on every system, as Vectra's storages name files. */
export const pathUtils = {
  sep: '/' as const,

  join(...parts: string[]): string {
    return parts
      .map((part, at) => {
        const open = part.replace(/[/\\]+$/, '');
        return at === 0 ? open : open.replace(/^[/\\]+/, '');
      })
      .filter((part) => part !== '')
      .join('/');
  },

  basename(filePath: string, ext?: string): string {
    const name = filePath.slice(
      Math.max(filePath.lastIndexOf('/'), filePath.lastIndexOf('\\')) + 1,
    );
    return ext && name.endsWith(ext) ? name.slice(0, -ext.length) : name;
  },

  dirname(filePath: string): string {
    return filePath.split(/[/\\]/).slice(0, -1).join('/') || '.';
  },

  extname(filePath: string): string {
    const name = pathUtils.basename(filePath);
    const dot = name.lastIndexOf('.');
    return dot > 0 ? name.slice(dot) : '';
  },

  /** Without `.`, `..` and doubled separators. A `..` above the root is dropped. */
  normalize(filePath: string): string {
    const kept: string[] = [];
    for (const part of filePath.split(separators)) {
      if (part === '..') kept.pop();
      else if (part !== '.' && part !== '') kept.push(part);
    }
    return (isRooted(filePath) ? '/' : '') + kept.join('/');
  },

  isAbsolute(filePath: string): boolean {
    return isRooted(filePath) || (drive.test(filePath) && /[/\\]/.test(filePath[2] ?? ''));
  },

  relative(from: string, to: string): string {
    const source = pathUtils.normalize(from).split('/').filter(Boolean);
    const target = pathUtils.normalize(to).split('/').filter(Boolean);
    let shared = 0;
    while (shared < source.length && source[shared] === target[shared] && shared < target.length)
      shared++;
    const up = source.slice(shared).map(() => '..');
    return [...up, ...target.slice(shared)].join('/') || '.';
  },
};
