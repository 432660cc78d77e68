import { readText } from './repository.ts';

/** A number that a module keeps to itself: `const NAME = 5_000;`. Throws when it is not there. */
export function constant(file: string, name: string): number {
  const [, digits] = new RegExp(`^const ${name} = ([\\d_]+);$`, 'm').exec(readText(file)) ?? [];
  if (digits === undefined) throw new Error(`${file} has no constant ${name}`);
  return Number(digits.replaceAll('_', ''));
}
