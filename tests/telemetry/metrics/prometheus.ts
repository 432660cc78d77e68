import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { end } from '../../harness/child-process.ts';
import { readText, ROOT } from '../../deploy/repository.ts';
import { freePort } from '../../harness/redis.ts';
import { until } from '../../harness/until.ts';

/** A real Prometheus with the shipped configuration, looking at one gateway each second. */
export interface Prometheus extends AsyncDisposable {
  /** The data of its HTTP API (`query`); rejects with what it says when it refuses. */
  ask<Data>(path: string, parameters: Readonly<Record<string, string>>): Promise<Data>;
  log(): string;
}

interface Config {
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly { readonly job_name: string }[];
}

/** @param target host and port of an admin listener */
export async function startPrometheus(target: string): Promise<Prometheus> {
  const [folder, port] = await Promise.all([mkdtemp(join(tmpdir(), 'gatehouse-prometheus-')), freePort()]);
  const shipped = parse(readText('deploy/prometheus/prometheus.yml')) as Config;
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: shipped.rule_files.map((file) => join(ROOT, 'deploy/prometheus', file)),
    scrape_configs: shipped.scrape_configs
      .filter(({ job_name: name }) => name === 'gatehouse')
      .map((scraped) => ({ ...scraped, static_configs: [{ targets: [target] }] })),
  };
  const file = join(folder, 'prometheus.yml');
  await writeFile(file, stringify(config));
  const child = spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let logged = '';
  child.stderr.on('data', (chunk: Buffer) => (logged += chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  await until('Prometheus to start', async () => {
    if (child.exitCode !== null) throw new Error(logged);
    return (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok;
  });
  return {
    async ask<Data>(path: string, parameters: Readonly<Record<string, string>>): Promise<Data> {
      const response = await fetch(`${url}/api/v1/${path}`, { method: 'POST', body: new URLSearchParams(parameters) });
      const { data, error } = (await response.json()) as { readonly data: Data; readonly error?: string };
      if (error !== undefined) throw new Error(`${JSON.stringify(parameters)}: ${error}`);
      return data;
    },
    log: () => logged,
    async [Symbol.asyncDispose]() {
      await end(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface Checked {
  readonly code: number | null;
  readonly output: string;
}

/** Runs `promtool` in the repository's root. */
export async function promtool(args: readonly string[], input = ''): Promise<Checked> {
  const child = execFile('promtool', [...args], { cwd: ROOT });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: string) => (output += text));
  child.stdin?.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}
