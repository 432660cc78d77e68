import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isHostName, ownHosts } from '../../plugins/server/admin/host-header.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 300);

const port = fc.option(fc.nat({ max: 65_535 }).map(String), { nil: undefined });
const withPort = (host: string, number: string | undefined): string =>
  number === undefined ? host : `${host}:${number}`;

test('an address is nobody else, with any port', () => {
  const address = fc.oneof(
    fc.ipV4(),
    fc.ipV6().map((text) => `[${text}]`),
    fc.constantFrom('localhost', 'LOCALHOST'),
  );
  fc.assert(
    fc.property(address, port, (host, number) => {
      expect(ownHosts([])(withPort(host, number))).toBe(true);
    }),
    { numRuns: RUNS },
  );
});

test('a name is its own only when it is the one that was configured', () => {
  fc.assert(
    fc.property(fc.domain(), fc.domain(), port, (name, configured, number) => {
      expect(ownHosts([configured])(withPort(name, number))).toBe(name.toLowerCase() === configured.toLowerCase());
      expect(ownHosts(['other', name])(withPort(name.toUpperCase(), number))).toBe(true);
      expect(isHostName(name)).toBe(true);
    }),
    { numRuns: RUNS },
  );
});

test.each([
  undefined,
  '',
  ' ',
  ':4001',
  'localhost.',
  'localhost:x',
  'localhost:1:2',
  'localhost, evil.example',
  'evil.example@localhost',
  'localhost@evil.example',
  'evil.example#localhost',
  'localhost/evil.example',
  '[::1',
  '::1',
  '[127.0.0.1]',
  '[evil.example]',
  '127.1',
  '0x7f000001',
  '2130706433',
  '127.0.0.1.evil.example',
])('what is no host, or hides another, is not: %s', (header) => {
  expect(ownHosts(['gateway'])(header)).toBe(false);
});
