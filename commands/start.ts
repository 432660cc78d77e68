import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDemo, type Demo } from './demo/index.ts';
import { linesToTry } from './demo/try.ts';

// The demo: four subgraphs, the gateway and an identity provider, as one process tree.

const GATEWAY_CLI = new URL('../node_modules/@graphql-hive/gateway/dist/bin.js', import.meta.url);
const NATIVE_TYPESCRIPT = new URL('../plugins/cli/native-typescript.mjs', import.meta.url);
const SUBGRAPHS = new URL('subgraphs.ts', import.meta.url);
const QUERY_TO_TRY = new URL('../subgraphs/queries/parallel.graphql', import.meta.url);

/** How long the children may take to end by themselves, in ms. */
const END_TIMEOUT = 8_000;

const { PORT = '4000', HOST = '127.0.0.1' } = process.env;
const address = `http://${HOST}:${PORT}`;
const demo = await startedDemo();
const { environment, credentials } = demo;

const children = [
  start('subgraphs', [SUBGRAPHS.pathname], environment.subgraphs),
  start('gateway', ['--import', NATIVE_TYPESCRIPT.href, GATEWAY_CLI.pathname, 'supergraph'], environment.gateway),
];
let ending: Promise<void> | undefined;
process.once('SIGINT', () => void end(0));
process.once('SIGTERM', () => void end(0));

await ready();
if (!ending) {
  console.log(`
Gatehouse is up:
  GraphQL   ${address}/graphql   (in a browser: the playground)
  health    ${address}/health

${linesToTry(`${address}/graphql`, queryToTry(), credentials)}

Ctrl-C stops all of it.
`);
}

async function startedDemo(): Promise<Demo> {
  try {
    return await startDemo({ ...process.env, PORT, HOST }, new Date());
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}

function start(name: string, args: string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'], env });
  child.once('exit', (code, signal) => {
    if (ending) return;
    console.error(`The ${name} ended (${signal ?? `code ${code}`}); stopping the rest.`);
    void end(1);
  });
  return child;
}

async function ready(): Promise<void> {
  while (!ending) {
    try {
      if ((await fetch(`${address}/health/ready`)).ok) return;
    } catch {
      // Not listening yet.
    }
    await sleep(200);
  }
}

function end(code: number): Promise<void> {
  ending ??= (async () => {
    const alive = children.filter((child) => child.exitCode === null && child.signalCode === null);
    const ended = Promise.all(alive.map((child) => once(child, 'exit')));
    for (const child of alive) child.kill('SIGTERM');
    await Promise.race([ended, sleep(END_TIMEOUT, undefined, { ref: false })]);
    for (const child of alive) child.kill('SIGKILL');
    await demo.close();
    process.exit(code);
  })();
  return ending;
}

/** On one line, without its comments, so that it fits a shell's quotes. */
function queryToTry(): string {
  const text = readFileSync(QUERY_TO_TRY, 'utf8');
  return text.replaceAll(/#.*$/gm, '').replaceAll(/\s+/g, ' ').trim();
}
