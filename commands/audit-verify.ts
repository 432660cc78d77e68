import { parseArgs } from 'node:util';
import { checkpointKey, type CheckpointKey } from '../plugins/audit/chain/keys.ts';
import { readLines } from '../plugins/audit/chain/read-lines.ts';
import { chainVerifier, type Verification } from '../plugins/audit/chain/verify.ts';

const USAGE = `Usage: npm run audit:verify -- FILE [FILE...] [--expect-closed]

Checks the chain of an audit log: finds what was changed, removed, added or moved, and says where. Several files are
checked as one chain, in the order in which they were written.
  --expect-closed  the last file has to end as a gateway leaves it that was stopped
Signatures are checked with AUDIT_PUBLIC_KEY, or with the public half of AUDIT_SIGNING_KEY; without either, only the chain
is. Exit code 1 when something is wrong.`;

/** One change can be seen in many places. */
const MAX_SHOWN = 20;

async function main(): Promise<number> {
  const { values, positionals: files } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean' }, 'expect-closed': { type: 'boolean', default: false } },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (files.length === 0) throw new Error('no FILE was given');
  const key = keyFromEnvironment(process.env);
  const verifier = chainVerifier(key);
  for (const file of files) {
    verifier.beginFile(file);
    for await (const { bytes, isWhole } of readLines(file)) verifier.line(bytes, isWhole);
    verifier.endFile();
  }
  return report(verifier.result(), key, values['expect-closed']);
}

function keyFromEnvironment({ AUDIT_PUBLIC_KEY, AUDIT_SIGNING_KEY }: NodeJS.ProcessEnv): CheckpointKey | undefined {
  const [name, text] = AUDIT_PUBLIC_KEY
    ? ['AUDIT_PUBLIC_KEY', AUDIT_PUBLIC_KEY]
    : ['AUDIT_SIGNING_KEY', AUDIT_SIGNING_KEY];
  if (!text) return undefined;
  try {
    return checkpointKey(text);
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}

function report(found: Verification, key: CheckpointKey | undefined, expectClosed: boolean): number {
  const { problems, records, first, last, signed, uncovered, isClosed, beginsLater } = found;
  for (const { file, line, seq, problem } of problems.slice(0, MAX_SHOWN)) {
    console.error(`${file}:${line}: ${seq === undefined ? '' : `record ${seq}: `}${problem}`);
  }
  if (problems.length > MAX_SHOWN) console.error(`and ${problems.length - MAX_SHOWN} more`);
  const failures = [
    ...(problems.length > 0 ? [`${problems.length} found to be wrong`] : []),
    ...(key && signed === 0 ? ['there is no signed checkpoint'] : []),
    ...(expectClosed && !isClosed ? ['the last file was not closed: its end may be missing'] : []),
  ];
  const covered = key ? `${signed} checkpoints signed by ${key.id}` : 'signatures were not checked (no key)';
  console.log(`${records} records, ${first ?? 0} to ${last ?? 0}; ${covered}`);
  if (beginsLater) console.log(`The chain begins before record ${first}, in files that were not given.`);
  if (uncovered > 0) console.log(`Warning: the last ${uncovered} records are not covered by a checkpoint yet.`);
  if (!isClosed) console.log('Warning: the last file was not closed: it is being written to, or its end is missing.');
  for (const failure of failures) console.error(`Failed: ${failure}`);
  return failures.length > 0 ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`${(error as Error).message}\n\n${USAGE}`);
  process.exitCode = 1;
}
