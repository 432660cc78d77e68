import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResolvedOptions } from './options.ts';
import type { SchemaText } from './subgraph.ts';

const FILE = 'last-good-schemas.json';
const KEY_PREFIX = 'gatehouse:composition:last-good:';
const FORMAT = 1;

/** Schemas that composed together. */
export interface LastGoodSchemas {
  /** ISO 8601 */
  readonly savedAt: string;
  /** By name of the subgraph; only those that are configured with the URL that they had then. */
  readonly schemas: Readonly<Record<string, SchemaText>>;
}

export interface LastGoodStore {
  /** The newest of disk and Redis; undefined when neither has any. Never rejects. */
  load(): Promise<LastGoodSchemas | undefined>;
  /** To disk and Redis. Never rejects. */
  save(schemas: ReadonlyMap<string, SchemaText>): Promise<void>;
}

/** As it is written. A name alone does not say that it is still the same subgraph; its URL does. */
interface Saved {
  readonly format: typeof FORMAT;
  readonly savedAt: string;
  readonly subgraphs: Readonly<Record<string, SchemaText & { readonly url: string }>>;
}

/** `onFailure` is told, in words, of what could not be read or written. */
export function lastGoodStore(
  { subgraphs, directory, redis }: Pick<ResolvedOptions, 'subgraphs' | 'directory' | 'redis'>,
  onFailure: (what: string, error: unknown) => void,
): LastGoodStore {
  const path = join(directory, FILE);
  // Gateways of different graphs may share one Redis.
  const key = KEY_PREFIX + fingerprint(subgraphs.map(({ name, url }) => `${name}=${url}`));

  async function fromDisk(): Promise<Saved | undefined> {
    try {
      return read(await readFile(path, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onFailure(`${path} cannot be read`, error);
      return undefined;
    }
  }

  async function fromRedis(): Promise<Saved | undefined> {
    try {
      const text = await redis?.get(key);
      return text ? read(text) : undefined;
    } catch (error) {
      onFailure('the last good schemas cannot be read from Redis', error);
      return undefined;
    }
  }

  async function toDisk(text: string): Promise<void> {
    try {
      await mkdir(directory, { recursive: true });
      // Renaming is atomic: a gateway that is killed here leaves the old file, not half of the new one.
      const draft = `${path}.${randomUUID()}`;
      await writeFile(draft, text, { mode: 0o600 });
      await rename(draft, path);
    } catch (error) {
      onFailure(`${path} cannot be written`, error);
    }
  }

  async function toRedis(text: string): Promise<void> {
    try {
      await redis?.set(key, text);
    } catch (error) {
      onFailure('the last good schemas cannot be written to Redis', error);
    }
  }

  return {
    async load() {
      const found = (await Promise.all([fromDisk(), fromRedis()])).filter((saved) => saved !== undefined);
      const [newest] = found.toSorted((a, b) => (a.savedAt < b.savedAt ? 1 : -1));
      if (!newest) return undefined;
      const schemas: Record<string, SchemaText> = {};
      for (const { name, url } of subgraphs) {
        const saved = newest.subgraphs[name];
        if (saved?.url === url) schemas[name] = { kind: saved.kind, text: saved.text };
      }
      return { savedAt: newest.savedAt, schemas };
    },
    async save(schemas) {
      const saved: Saved = {
        format: FORMAT,
        savedAt: new Date().toISOString(),
        subgraphs: Object.fromEntries(
          subgraphs.flatMap(({ name, url }) => {
            const schema = schemas.get(name);
            return schema ? [[name, { ...schema, url }]] : [];
          }),
        ),
      };
      const text = JSON.stringify(saved);
      await Promise.all([toDisk(text), toRedis(text)]);
    },
  };
}

function read(text: string): Saved {
  const saved = JSON.parse(text) as Saved | { readonly format: unknown };
  if (saved.format !== FORMAT) throw new Error(`it has format ${String(saved.format)}, not ${FORMAT}`);
  return saved as Saved;
}

function fingerprint(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts.toSorted())).digest('hex').slice(0, 16);
}
