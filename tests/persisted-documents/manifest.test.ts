import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse, print, stripIgnoredCharacters } from 'graphql';
import { describe, expect, test } from 'vitest';
import { documentList } from '../../plugins/persisted-documents/document-list.ts';
import { usePersistedDocuments } from '../../plugins/persisted-documents/index.ts';
import { readManifest } from '../../plugins/persisted-documents/manifest.ts';
import { documentNamed } from '../../plugins/persisted-documents/named.ts';
import { memoryStoreOf } from './some-store.ts';
import { registeredDocuments, sha256Of } from '../../plugins/persisted-documents/registered-documents.ts';

const RUNS = Number(process.env.FAST_CHECK_RUNS ?? 200);

describe('a manifest', () => {
  test("of Apollo's format", () => {
    const json = JSON.stringify({
      format: 'apollo-persisted-query-manifest',
      version: 1,
      operations: [{ id: 'sha256:ab', name: 'A', type: 'query', body: '{ a }' }],
    });
    expect([...readManifest(json)]).toEqual([['ab', '{ a }']]);
  });

  test('of ids and texts', () => {
    expect([...readManifest('{"a": "{ a }", "sha256:b": "{ b }"}')]).toEqual([
      ['a', '{ a }'],
      ['b', '{ b }'],
    ]);
  });

  test.each([
    ['{', 'it is not JSON'],
    ['[]', 'it is not a JSON object'],
    ['{"a": 1}', '"a" has no text'],
    ['{"a": " "}', '"a" has no text'],
    ['{"a": "{ a }", "sha256:a": "{ b }"}', '"a" stands for two different documents'],
    ['{"format": "apollo-persisted-query-manifest", "version": 2}', 'its format is not'],
    ['{"format": "apollo-persisted-query-manifest", "version": 1}', 'it has no list of operations'],
    ['{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"body": "{ a }"}]}', 'has no id'],
    ['{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [null]}', 'has no id'],
  ])('%s is refused: %s', (json, why) => {
    expect(() => readManifest(json)).toThrow(why);
  });

  test('with a text that is none of GraphQL is refused', () => {
    expect(() => documentList(new Map([['a', '{ "']]))).toThrow('"a" is not a GraphQL document');
  });
});

test.each([
  [{}, 'manifests is []; it takes a path at least, when automatic is off'],
  [{ manifests: [''] }, 'manifests is [""]; it takes paths of files'],
  [{ manifests: ['a'], mode: 'strict' }, 'mode is "strict"; it takes "any", "only" or "log"'],
  [{ automatic: {}, mode: 'only' }, 'mode is "only"; it takes "any" when there are no manifests'],
  [{ manifests: ['a'], automatic: {}, mode: 'only' }, 'automatic is {}; it takes false with mode "only"'],
  [{ automatic: { ttl: 0 } }, 'automatic.ttl is 0; it takes whole seconds above 0'],
  [{ automatic: { maxBytes: 1.5 } }, 'automatic.maxBytes is 1.5; it takes whole bytes above 0'],
  [{ manifests: ['/nowhere/manifest.json'] }, '/nowhere/manifest.json: ENOENT'],
])('wrong options are refused when the gateway starts: %j', (options, message) => {
  expect(() => usePersistedDocuments(options as never)).toThrow(message);
});

test('a wrong manifest is refused when the gateway starts, by the name of its file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'manifest-'));
  const path = join(directory, 'wrong.json');
  await writeFile(path, '{ "format": "another" }');
  expect(() => usePersistedDocuments({ manifests: [path] })).toThrow(`${path}: its format is not`);
  await rm(directory, { recursive: true });
});

test('a text is on the list if and only if its tokens are those of a listed one', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const field = fc.oneof(
    name,
    fc.tuple(name, fc.constantFrom('1', '"x y"', '"#"', '"""\n  x\n"""')).map(([of, value]) => `${of}(x: ${value})`),
  );
  const text = fc.array(field, { minLength: 1, maxLength: 3 }).map((fields) => `{ ${fields.join(' ')} }`);
  const layouts: ((query: string) => string)[] = [
    (query) => query,
    (query) => stripIgnoredCharacters(query),
    (query) => print(parse(query)),
    (query) => `# comment\n\uFEFF${query},,,`.replace('\uFEFF', ''),
  ];
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), text, fc.constantFrom(...layouts), (listed, sent, layout) => {
      const list = documentList(new Map(listed.map((query, index) => [String(index), query])));
      const found = list.byText(layout(sent));
      const meaning = print(parse(sent));
      expect(found !== undefined).toBe(listed.some((query) => print(parse(query)) === meaning));
      if (found !== undefined) {
        expect(listed).toContain(found);
        expect(print(parse(found))).toBe(meaning);
      }
    }),
    { numRuns: RUNS },
  );
});

test('whatever a request says of its document, it is read without an error', () => {
  const request = { method: 'GET', url: 'http://localhost/graphql?documentId=' };
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('query', 'documentId', 'extensions'), fc.jsonValue()), (params) => {
      const { id, text } = documentNamed(params, request);
      expect([typeof id, typeof text].every((type) => type === 'string' || type === 'undefined')).toBe(true);
    }),
    { numRuns: RUNS },
  );
});

test('a text that somebody else has put in its place is not taken from the store', async () => {
  const text = '{ a }';
  const store = memoryStoreOf({ [`gatehouse:document:${sha256Of(text)}`]: '{ other }' });
  const documents = registeredDocuments({ store, ttlMs: 1_000, maxBytes: 100, onUnavailable: () => {} });
  expect(await documents.find(sha256Of(text))).toBeUndefined();
});

test('only what may be a hash is asked for', async () => {
  const asked: string[] = [];
  const store = memoryStoreOf({}, asked);
  const documents = registeredDocuments({ store, ttlMs: 1_000, maxBytes: 100, onUnavailable: () => {} });
  for (const id of ['', 'x', `${'a'.repeat(64)}\n`, 'A'.repeat(64), 'a'.repeat(65)]) await documents.find(id);
  expect(asked).toEqual([]);
  await documents.find('a'.repeat(64));
  expect(asked).toHaveLength(1);
});
