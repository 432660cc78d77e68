import { checkpointSigner, type CheckpointSigner } from '../../chain/keys.ts';

export interface FileSinkOptions {
  /** The file; its folder is made. Where the gateway has several processes, each puts its number before the extension. */
  readonly path: string;
  /** An Ed25519 private key (PKCS#8), as PEM or as base64 of its DER. Default: none, and checkpoints are not signed. */
  readonly signingKey?: string | undefined;
  /**
   * `sync`: an operation is answered when its record is on the disk. Default: `buffered`, records are written at most a
   * second or 1,000 records late, and are on the disk at the next checkpoint.
   */
  readonly durability?: 'buffered' | 'sync';
  /** A checkpoint comes after so many records. Default: 1,000. */
  readonly checkpointEvery?: number;
  /** And after so long, in ms, when there were any. Default: 10,000. */
  readonly checkpointInterval?: number;
  /** A file that is longer is put aside, in bytes. Default: 104,857,600. */
  readonly rotateBytes?: number;
  /** A file that is older is put aside, in ms. Default: 86,400,000. */
  readonly rotateInterval?: number;
}

const DEFAULTS = {
  checkpointEvery: 1_000,
  checkpointInterval: 10_000,
  rotateBytes: 100 * 1024 * 1024,
  rotateInterval: 24 * 60 * 60 * 1_000,
} as const;
const LEAST = { checkpointEvery: 1, checkpointInterval: 10, rotateBytes: 4_096, rotateInterval: 100 } as const;

export type CheckedOptions = Required<Omit<FileSinkOptions, 'path' | 'signingKey'>>;

/** With what is there by default. Throws an `Error` that names the option when one is wrong. */
export function checked({ path, durability = 'buffered', ...given }: FileSinkOptions): CheckedOptions {
  if (typeof path !== 'string' || path === '') throw new Error('useAudit: fileSink: path takes the path of a file');
  if (durability !== 'buffered' && durability !== 'sync') {
    throw new Error(`useAudit: fileSink: durability is ${JSON.stringify(durability)}; it takes "buffered" or "sync"`);
  }
  const numbers = (Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]).map((name) => {
    const value = given[name] ?? DEFAULTS[name];
    if (Number.isSafeInteger(value) && value >= LEAST[name]) return [name, value] as const;
    throw new Error(`useAudit: fileSink: ${name} is ${value}; it takes a whole number from ${LEAST[name]}`);
  });
  return { durability, ...(Object.fromEntries(numbers) as Omit<CheckedOptions, 'durability'>) };
}

/** Throws an `Error` that names the option when it is no such key. */
export function signerOf(signingKey: string | undefined): CheckpointSigner | undefined {
  if (signingKey === undefined) return undefined;
  try {
    return checkpointSigner(signingKey);
  } catch (error) {
    throw new Error(`useAudit: fileSink: signingKey: ${(error as Error).message}`, { cause: error });
  }
}
