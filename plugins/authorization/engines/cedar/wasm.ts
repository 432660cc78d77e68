import { createRequire } from 'node:module';
import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';

export type Cedar = typeof cedar;

/** Cedar itself: 13 MB of WebAssembly, read when it is first asked for, and not by who never does. */
export function loadCedar(): Cedar {
  return createRequire(import.meta.url)('@cedar-policy/cedar-wasm/nodejs') as Cedar;
}
