import type { BigIntStats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { readRecord, type ApiKeyRecord, type KeyRecordError } from './record.ts';
import { replaceFile } from './replace-file.ts';
import type { KeyStore } from './store.ts';

const FILE = 'keys.json';
const FORMAT = 1;
/** Permissions of the file's group and of others. */
const NOT_THE_OWNERS = 0o077n;

/** By id; what is under one is yet to be checked. */
type StoredKeys = Readonly<Record<string, unknown>>;

/**
 * API keys in `keys.json` in a folder, for the gateways of one machine: `{"format":1,"keys":{"<id>":<record>}}`. The
 * file is made with mode 0600, and not read when it may be read or written by anybody but its owner. Several processes
 * may read and write it at the same time. A file that is not there holds no key.
 */
export function fileKeyStore(directory: string): KeyStore {
  const path = join(directory, FILE);
  let last: { readonly version: string; readonly keys: StoredKeys } | undefined;

  async function load(): Promise<StoredKeys> {
    const file = await openIfThere(path);
    if (file === undefined) return {};
    try {
      const stats = await file.stat({ bigint: true });
      refuseIfOpenToOthers(path, stats);
      const version = versionOf(stats);
      if (last?.version !== version) last = { version, keys: parse(path, await file.readFile('utf8')) };
      return last.keys;
    } finally {
      await file.close();
    }
  }

  return {
    read: async (id) => recordIn(await load(), id),

    create: (record) =>
      replaceFile(path, async () => {
        const keys = await load();
        return format({ ...keys, [record.id]: record });
      }),

    async list() {
      const keys = await load();
      return Object.keys(keys).flatMap((id) => {
        try {
          return recordIn(keys, id) ?? [];
        } catch (error) {
          return error as KeyRecordError;
        }
      });
    },

    async revoke(id, at) {
      let record: ApiKeyRecord | undefined;
      await replaceFile(path, async () => {
        const keys = await load();
        record = recordIn(keys, id);
        if (record === undefined || record.revokedAt !== undefined) return undefined;
        record = { ...record, revokedAt: at.toISOString() };
        return format({ ...keys, [id]: record });
      });
      return record;
    },
  };
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw error;
  }
}

function refuseIfOpenToOthers(path: string, { mode }: BigIntStats): void {
  // Windows has no such permissions, and reports all of them.
  if (process.platform === 'win32' || (mode & NOT_THE_OWNERS) === 0n) return;
  const permissions = (mode & 0o777n).toString(8);
  throw new Error(`${path} is open to others than its owner (mode ${permissions}); run: chmod 600 ${path}`);
}

/** Differs for any two states of the file: each is a new file, and longer than the one before. */
function versionOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}

function recordIn(keys: StoredKeys, id: string): ApiKeyRecord | undefined {
  return Object.hasOwn(keys, id) ? readRecord(id, keys[id]) : undefined;
}

function format(keys: StoredKeys): string {
  return `${JSON.stringify({ format: FORMAT, keys }, null, 2)}\n`;
}

function parse(path: string, text: string): StoredKeys {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message would quote the file.
    throw new Error(`${path} is not JSON`);
  }
  const { format: found, keys } = (value ?? {}) as { readonly format?: unknown; readonly keys?: unknown };
  if (found !== FORMAT) throw new Error(`${path} has format ${JSON.stringify(found)}; this version reads ${FORMAT}`);
  if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) throw new Error(`${path} has no keys`);
  return keys as StoredKeys;
}
