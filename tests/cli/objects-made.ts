import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { keepObjectsYoung } from '../../plugins/cli/young-objects.ts';

// Makes objects that last, as a server does that warms up, and prints how many of a hundred more are made young.

if (process.argv.includes('keep young')) keepObjectsYoung();
setFlagsFromString('--allow-natives-syntax');
const isYoung = runInThisContext('(value) => %InYoungGeneration(value)') as (value: object) => boolean;

const made: object[] = [];
const make = (n: number): object => ({ n, list: [n] });
const fill = (): void => {
  for (let n = 0; n < 100_000; n++) made.push(make(n));
};
for (let round = 0; round < 20; round++) fill();

process.stdout.write(String(Array.from({ length: 100 }, (_, n) => make(n)).filter(isYoung).length));
