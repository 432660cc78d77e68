import { readFileSync } from 'node:fs';
import { StoreUnavailableError, type ScriptReply, type StoreScript } from '../../../redis/index.ts';

const STATE = read('state.lua');
const MARK = read('mark.lua');

/** How Redis stood when a script ran: its epoch, the number of the last invalidation, its clock (ms since 1970). */
export type Position = readonly [epoch: string, sequence: number, nowMs: number];

/** Each answers as the head of its file says. */
export const LOOKUP = script<readonly [...Position, ...(string | null)[]]>('lookup');
export const REGISTER = script<readonly [...Position, ...number[]]>('register');
export const INVALIDATE = script<readonly [...Position, everything: number, count: number]>('invalidate', MARK);
export const DROP = script<readonly [...Position, count: number, rest: readonly string[]]>('drop', MARK);

/** A file of this folder, behind state.lua and what else it uses. */
export function script<Reply extends ScriptReply>(name: string, uses = ''): StoreScript<Reply> {
  return {
    name: `cache ${name}`,
    lua: `${STATE}\n${uses}\n${read(`${name}.lua`)}`,
    // Without Redis there is no second tier, and nobody runs them.
    inMemory: () => {
      throw new StoreUnavailableError('The cache has a second tier in Redis only.');
    },
  };
}

function read(file: string): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8');
}
