/**
 * What is kept: bytes, or text for what is small and many, since small buffers cost more memory and time than they hold.
 * From Redis it comes as bytes, whatever it was.
 */
export type CacheValue = Buffer | string;

export function bytesOf(value: CacheValue): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : value;
}

export function textOf(value: CacheValue): string {
  return typeof value === 'string' ? value : value.toString();
}

/** How much memory it takes, roughly: of text as if each character took two bytes. */
export function sizeOf(value: CacheValue): number {
  return typeof value === 'string' ? value.length * 2 : value.byteLength;
}
