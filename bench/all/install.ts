import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const FOLDER = new URL('.', import.meta.url).pathname;

/** Installs the gateways of other makers, which are no dependencies of the project: one has the Elastic licence. */
export function installRivals(): void {
  if (existsSync(`${FOLDER}node_modules`)) return;
  console.error('installing the rivals (npm ci in bench/all/rivals)');
  // Its standard output would come between the figures.
  execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: FOLDER, stdio: ['ignore', process.stderr, process.stderr] });
}
