import { parseComposeFile, type ComposeService } from './compose-file.ts';
import { imageOf, parseDockerfile, type Image } from './dockerfile.ts';
import { dockerIgnore } from './ignore-file.ts';
import { readText, workingTree } from './repository.ts';

// The repository's own container files, read once for the tests of a file.

export const stages = parseDockerfile(readText('Dockerfile'));
export const compose = parseComposeFile(readText('docker-compose.yml'));
export const services = Object.entries(compose.services);

export const isIgnored = dockerIgnore(readText('.dockerignore'));
/** What a build gets to see. */
export const buildContext = workingTree().filter((file) => !isIgnored(file));

/** The image of a service that is built here; undefined for one from a registry. */
export function builtImage({ build }: ComposeService): Image | undefined {
  return build && imageOf(stages, build.target);
}

export function service(name: string): ComposeService {
  const found = compose.services[name];
  if (!found) throw new Error(`docker-compose.yml has no service "${name}"`);
  return found;
}
