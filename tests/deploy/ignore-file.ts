import { matchesGlob } from 'node:path';

/**
 * Reads a `.dockerignore`; the answer says whether a path of the build context is left out. The last pattern that
 * matches the path or a folder it lies in decides, and `!` takes back in (Docker docs, "Build context").
 */
export function dockerIgnore(text: string): (path: string) => boolean {
  const patterns = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ leavesOut: !line.startsWith('!'), glob: line.replace(/^!/, '').replaceAll(/^\/|\/$/g, '') }));

  return (path) => {
    const parts = path.split('/');
    const pathAndFolders = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
    const last = patterns.findLast(({ glob }) => pathAndFolders.some((candidate) => matches(candidate, glob)));
    return last?.leavesOut ?? false;
  };
}

/** For Docker a leading dot is a character like others, for `matchesGlob` it is not. */
function matches(path: string, glob: string): boolean {
  return matchesGlob(undotted(path), undotted(glob));
}

function undotted(path: string): string {
  return path.replaceAll(/(^|\/)\./g, '$1\u{1}');
}
