import { readText, workingTree } from '../deploy/repository.ts';

const CODE = /^(?:gateway\.config\.ts|(?:plugins|commands|subgraphs)\/.*\.(?:ts|mjs))$/;
const COMMENT = /\/\*[\s\S]*?\*\/|\/\/.*$/gm;
/** `env.NAME`, `env['NAME']` */
const MEMBER = /\benv(?:\.|\[')([A-Z][A-Z0-9_]+)/g;
/** `{ NAME, OTHER: other } = env`, `}: NodeJS.ProcessEnv` */
const DESTRUCTURED = /\{([^{}]*)\}(?:: NodeJS\.ProcessEnv| = (?:process\.)?env\b)/g;
const NAME = /^\s*([A-Z][A-Z0-9_]+)\b/;

/** The variables of the environment that the code names. */
export function variablesRead(): Set<string> {
  const texts = workingTree()
    .filter((path) => CODE.test(path))
    .map((path) => readText(path).replaceAll(COMMENT, ''));
  return new Set(texts.flatMap(variablesIn));
}

export function variablesIn(code: string): string[] {
  return [
    ...[...code.matchAll(MEMBER)].map(([, name = '']) => name),
    ...[...code.matchAll(DESTRUCTURED)].flatMap(([, names = '']) =>
      names.split(',').flatMap((part) => NAME.exec(part)?.[1] ?? []),
    ),
  ];
}

/** The variables of the table in docs/configuration.md, with what it says of each. */
export function variablesTold(): Map<string, string> {
  const [, table = ''] = /## Environment\n([\s\S]*?)\n## /.exec(readText('docs/configuration.md')) ?? [];
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  return new Map(
    rows.flatMap((row) => {
      const [, names = '', ...rest] = row.split('|');
      return [...names.matchAll(/`([A-Z_]+)`/g)].map(([, name = '']): [string, string] => [name, rest.join('|')]);
    }),
  );
}
