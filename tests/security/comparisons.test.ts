import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const PLUGINS = new URL('../../plugins/', import.meta.url);

/** Where what a client proves itself with is held against what it has to be. */
const COMPARING = [
  'authentication/api-key/key-hash.ts',
  'health/bearer.ts',
  'subscriptions/upstream/callback-endpoint.ts',
  'webhooks/signature.ts',
];

/** Comparisons of one text with another, by the names that secrets have. */
const SECRET = String.raw`\w*(?:[sS]ignature|[dD]igest|[vV]erifier|[pP]assword|[mM]ac|[sS]ecret|[hH]ash|[tT]oken|apiKey)`;
const BY_TIME = new RegExp(
  String.raw`\b${SECRET} [!=]==? (?!undefined\b|null|''|'|"|typeof|\d|true|false)\w|\w [!=]==? ${SECRET}\b(?![(.])`,
);
/** Where these names are of what no client sends: the chain of the audit log, versions, what gateways tell each other. */
const NO_SECRET = /^(?:audit|composition|redis|caching|operation|telemetry|subscriptions\/upstream\/shared)\//;

const files = readdirSync(PLUGINS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const read = (file: string): string => readFileSync(new URL(file, PLUGINS), 'utf8');

test('keys, signatures, tokens and verifiers are compared in a time that does not tell how much of them is right', () => {
  expect(files.filter((file) => read(file).includes('timingSafeEqual(')).toSorted()).toEqual(COMPARING);
});

test('nothing else compares them', () => {
  const found = files
    .filter((file) => !NO_SECRET.test(file))
    .flatMap((file) =>
      read(file)
        .split('\n')
        .map((line) => `${file}: ${line.trim()}`),
    )
    .filter((line) => BY_TIME.test(line) && !/: (?:\*|\/)/.test(line));
  expect(found).toEqual([]);
});
