import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { supergraph } from '../gateway.config.ts';
import { composeOnce } from '../plugins/composition/compose-once.ts';
import { formatConflict } from '../plugins/composition/conflicts/index.ts';

const USAGE = `Usage: npm run compose -- [--out FILE] [--format text|json]

Composes the subgraphs of gateway.config.ts once, as they are running now.
  --out FILE     where the supergraph goes (default: standard output)
  --format json  prints what came of it as JSON: composes, version, conflicts, hints, unavailable
Exits with 1 when a subgraph has no schema or the schemas do not compose.`;

async function main(): Promise<number> {
  const { out, format } = readArguments();
  const result = await composeOnce(supergraph.options);
  if (!result.collected) {
    if (format === 'json') printJson({ composes: false, unavailable: result.unavailable });
    for (const [name, reason] of Object.entries(result.unavailable))
      console.error(`No schema from "${name}": ${reason}`);
    return 1;
  }
  const { composition } = result;
  if (!composition.composes) {
    if (format === 'json') printJson(composition);
    for (const conflict of composition.conflicts) console.error(`${formatConflict(conflict)}\n`);
    console.error(`The subgraphs do not compose: ${composition.conflicts.length} conflicts.`);
    return 1;
  }
  const { supergraphSdl, version, hints } = composition;
  if (out) await writeFile(out, supergraphSdl);
  if (format === 'json') printJson({ composes: true, version, conflicts: [], hints });
  else if (!out) process.stdout.write(`${supergraphSdl}\n`);
  for (const hint of hints) console.error(`Hint ${hint.code}: ${hint.message}`);
  console.error(`Composed supergraph ${version} of ${supergraph.options.subgraphs.length} subgraphs.`);
  return 0;
}

function readArguments(): { out: string | undefined; format: string } {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, format: { type: 'string', default: 'text' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  if (values.format !== 'text' && values.format !== 'json') {
    throw new Error(`--format is "${values.format}"; it takes text or json`);
  }
  return { out: values.out, format: values.format };
}

function printJson(value: object): void {
  console.log(JSON.stringify(value, null, 2));
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`${(error as Error).message}\n\n${USAGE}`);
  process.exitCode = 1;
}
