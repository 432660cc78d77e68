import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const EXTENSION = '.cedar';

/** The texts of a folder's `<policy name>.cedar`, by the name. They are few and small. Throws what `node:fs` throws. */
export function readPolicyFiles(directory: string): Map<string, string> {
  const files = readdirSync(directory).filter((file) => file.endsWith(EXTENSION));
  return new Map(
    files.map((file) => [file.slice(0, -EXTENSION.length), readFileSync(join(directory, file), 'utf8')] as const),
  );
}
