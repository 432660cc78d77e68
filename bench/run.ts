// npm run bench -- [name ...]: each benchmark prints its figures as JSON lines; everything else goes to stderr.

const BENCHMARKS: Readonly<Record<string, () => Promise<{ run(): Promise<void> }>>> = {
  all: () => import('./all/index.ts'),
  authentication: () => import('./authentication/index.ts'),
  authorization: () => import('./authorization/index.ts'),
  cache: () => import('./cache/index.ts'),
  engine: () => import('./engine/index.ts'),
  health: () => import('./health/index.ts'),
  limits: () => import('./limits/index.ts'),
  operation: () => import('./operation/index.ts'),
  outage: () => import('./outage/index.ts'),
  reload: () => import('./reload/index.ts'),
  scale: () => import('./scale/index.ts'),
  subscriptions: () => import('./subscriptions/index.ts'),
  telemetry: () => import('./telemetry/index.ts'),
};

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(BENCHMARKS);
for (const name of names) {
  const load = BENCHMARKS[name];
  if (!load) {
    console.error(`There is no benchmark "${name}"; there are: ${Object.keys(BENCHMARKS).join(', ')}`);
    process.exit(1);
  }
  console.error(`# ${name}`);
  const { run } = await load();
  await run();
}
