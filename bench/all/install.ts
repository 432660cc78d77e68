import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const FOLDERS = ['stock', 'rivals'];

/**
 * Installs what Gatehouse is measured beside, with the packages that it was published with. They are no dependencies of
 * the project: one has the Elastic licence, and Gatehouse has a later version of what Hive Gateway stands on.
 */
export function installOthers(): void {
  for (const name of FOLDERS) {
    const cwd = new URL(`${name}/`, import.meta.url).pathname;
    if (existsSync(`${cwd}node_modules`)) continue;
    console.error(`installing what stands in bench/all/${name} (npm ci)`);
    // Its standard output would come between the figures.
    execFileSync('npm', ['ci', '--ignore-scripts'], { cwd, stdio: ['ignore', process.stderr, process.stderr] });
  }
}
