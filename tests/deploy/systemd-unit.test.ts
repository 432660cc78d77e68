import { expect, test } from 'vitest';
import { packageManifest, readText } from './repository.ts';
import { longestShutdown } from './shutdown-time.ts';
import { parseUnit } from './systemd-unit.ts';
import { SECRET, undocumented } from './variables.ts';

const service = parseUnit(readText('deploy/systemd/gatehouse@.service')).get('Service') ?? new Map<string, string[]>();
const environment = new Map(
  (service.get('Environment') ?? []).map((assignment) => {
    const [name = '', value = ''] = assignment.split(/=(.*)/s);
    return [name, value] as const;
  }),
);

function one(name: string): string {
  const values = service.get(name) ?? [];
  return values.length === 1 ? String(values[0]) : expect.fail(`${name} is given ${values.length} times`);
}

test('starts the gateway as npm run gateway does, with no shell or npm between it and the signals', () => {
  expect(one('ExecStart')).toBe(`/usr/bin/${packageManifest().scripts['gateway']}`);
});

test('gives each process of a machine ports, state and an audit log of its own', () => {
  for (const name of ['PORT', 'ADMIN_PORT', 'GATEHOUSE_DIR', 'AUDIT_FILE']) {
    expect(environment.get(name), name).toContain('%i');
  }
  const ports = Array.from({ length: 10 }, (_, index) =>
    ['PORT', 'ADMIN_PORT'].map((name) => Number(environment.get(name)?.replace('%i', String(index)))),
  ).flat();
  expect(new Set(ports).size).toBe(20);
  for (const port of ports) expect(port).toBeGreaterThan(1024);
});

test('may write where it is told to', () => {
  expect(one('ProtectSystem')).toBe('strict');
  expect(environment.get('GATEHOUSE_DIR')).toBe(`/var/lib/${one('StateDirectory')}`);
  expect(environment.get('AUDIT_FILE')).toBe(`/var/log/${one('LogsDirectory')}/audit.log`);
});

test('is another user than root, and can become nobody else', () => {
  expect(one('User')).not.toBe('root');
  expect(one('NoNewPrivileges')).toBe('yes');
  expect(one('CapabilityBoundingSet')).toBe('');
});

test('is started again when it ends, and not killed before all that it does at its end is done', () => {
  expect(one('Restart')).toBe('always');
  expect(Number(one('TimeoutStopSec')) * 1000).toBeGreaterThanOrEqual(longestShutdown() * 1.2);
  expect(one('KillMode')).toBe('mixed');
});

test('has variables of docs/configuration.md alone, and secrets in a file apart', () => {
  expect(undocumented(environment.keys())).toEqual([]);
  expect([...environment.keys()].filter((name) => SECRET.test(name))).toEqual([]);
  expect(one('EnvironmentFile')).toMatch(/^\/etc\//);
});
