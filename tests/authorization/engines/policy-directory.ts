import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of Cedar policies that goes with the test. */
export interface PolicyDirectory extends AsyncDisposable {
  readonly path: string;
  /** Writes `<policy>.cedar` whole, as a deployment should. */
  write(policy: string, text: string): Promise<void>;
  remove(policy: string): Promise<void>;
}

export async function policyDirectory(policies: Readonly<Record<string, string>>): Promise<PolicyDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'gatehouse-cedar-'));
  const fileOf = (policy: string) => join(path, `${policy}.cedar`);

  async function write(policy: string, text: string): Promise<void> {
    await writeFile(`${fileOf(policy)}.new`, text);
    await rename(`${fileOf(policy)}.new`, fileOf(policy));
  }

  for (const [policy, text] of Object.entries(policies)) await write(policy, text);
  return {
    path,
    write,
    remove: (policy) => rm(fileOf(policy)),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** A policy that permits what the condition says. */
export function permitWhen(condition: string): string {
  return `permit(principal, action, resource) when { ${condition} };`;
}
