import { generateKeyPairSync } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditOptions, AuditRecord, FileSinkOptions } from '../../plugins/audit/index.ts';
import { runCommand, type CommandResult } from '../harness/command.ts';
import { startGateway, type GatewayOptions, type TestGateway } from '../harness/gateway.ts';

const CONFIG = new URL('gateway.config.ts', import.meta.url).pathname;

const KEYS = generateKeyPairSync('ed25519');
export const SIGNING_KEY = KEYS.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
export const PUBLIC_KEY = KEYS.publicKey.export({ format: 'pem', type: 'spki' });
export const HASH_KEY = Buffer.alloc(32, 7).toString('base64');

export interface AuditedOptions extends GatewayOptions {
  readonly folder: string;
  readonly audit?: Omit<AuditOptions, 'sinks' | 'names' | 'values'>;
  readonly file?: Omit<FileSinkOptions, 'path'>;
}

export function startAudited({ folder, audit = {}, file = {}, env, ...options }: AuditedOptions): Promise<TestGateway> {
  return startGateway({
    ...options,
    config: CONFIG,
    env: {
      AUDIT_FILE: fileIn(folder),
      AUDIT_SIGNING_KEY: SIGNING_KEY,
      AUDIT_HASH_KEY: HASH_KEY,
      AUDIT: JSON.stringify(audit),
      FILE: JSON.stringify(file),
      ...env,
    },
  });
}

export const fileIn = (folder: string): string => join(folder, 'log', 'audit.jsonl');

export type Line = Partial<Omit<AuditRecord, 'type'>> & {
  readonly seq: number;
  readonly type: string;
  readonly hash: string;
  readonly [name: string]: unknown;
};

/** Whole lines of all its files, in order. */
export async function linesIn(folder: string): Promise<readonly Line[]> {
  const files = await filesIn(folder);
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return texts.flatMap((text) => text.split('\n').slice(0, -1)).map((line) => JSON.parse(line) as Line);
}

/** In the order in which they were written. */
export async function filesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(join(folder, 'log')).catch(() => []);
  const aside = names.filter((name) => name.startsWith('audit.jsonl.') && !name.endsWith('.torn')).toSorted();
  return [...aside, ...names.filter((name) => name === 'audit.jsonl')].map((name) => join(folder, 'log', name));
}

export function verify(files: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
  return runCommand('audit-verify', files, { AUDIT_PUBLIC_KEY: String(PUBLIC_KEY), ...env });
}
