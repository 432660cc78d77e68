import { posix } from 'node:path';
import { imageOf, type Copy, type Image, type Stage } from './dockerfile.ts';
import { lockedPackages } from './repository.ts';

/**
 * What the build context puts into an image: the repository's file by its path in the image. Throws for a COPY that
 * finds nothing, as the build would. `context` are the files that are not ignored.
 */
export function contextFiles(image: Image, context: readonly string[]): Map<string, string> {
  const contents = new Map<string, string>();
  for (const copy of image.copies.filter(({ from }) => from === undefined)) {
    for (const source of copy.sources) {
      const copied = filesOf(source, copy, context);
      if (copied.length === 0) throw new Error(`COPY ${source}: there is no such file, or .dockerignore leaves it out`);
      for (const [path, file] of copied) contents.set(posix.resolve(image.folder ?? '/', path), file);
    }
  }
  return contents;
}

function filesOf(source: string, { destination }: Copy, context: readonly string[]): [string, string][] {
  const path = posix.normalize(source);
  if (context.includes(path)) {
    return [[destination.endsWith('/') ? posix.join(destination, posix.basename(path)) : destination, path]];
  }
  // Of a folder, the contents are copied.
  return context
    .filter((file) => file.startsWith(`${path}/`))
    .map((file) => [posix.join(destination, file.slice(path.length + 1)), file]);
}

/** The `npm ci` behind the `node_modules` of an image. */
export function installCommand(stages: readonly Stage[], image: Image): readonly string[] {
  const copy = image.copies.find(({ from, sources }) => from !== undefined && sources[0]?.endsWith('/node_modules'));
  const command = imageOf(stages, copy?.from ?? '').runs.find((run) => run.startsWith('npm ci '));
  if (command === undefined) throw new Error(`stage ${copy?.from} does not run npm ci`);
  return command.split(/\s+/);
}

/** Whether such an `npm ci` installs "devDependencies" too, under NODE_ENV=production. */
export function installsDevelopment(install: readonly string[]): boolean {
  return install.includes('--include=dev') && !install.includes('--omit=dev');
}

/** The folders of the packages that such an `npm ci` installs. */
export function installedFolders(install: readonly string[]): string[] {
  const optional = !install.includes('--omit=optional');
  return lockedPackages()
    .filter(([, locked]) => (installsDevelopment(install) || !locked.dev) && (optional || !locked.optional))
    .map(([folder]) => folder);
}
