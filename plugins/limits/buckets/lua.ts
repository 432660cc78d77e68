import { readFileSync } from 'node:fs';

const STATE = read('state.lua');

/** The text of a script of this folder, after the functions that all of them use. */
export function luaScript(file: 'take.lua' | 'settle.lua'): string {
  return `${STATE}\n${read(file)}`;
}

function read(file: string): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8');
}
