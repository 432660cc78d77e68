import { defaultIn } from './default-in.ts';
import type { Face, NamedType, Option, Reference } from './reference.ts';

const HEAD = `# Options

Everything that the plugins take, from their TypeScript types. Written by \`npm run docs:configuration\`: change the types and
their docstrings, not this page. What [\`gateway.config.ts\`](../gateway.config.ts) sets, and the environment, stand in
[configuration](configuration.md).

An option of \`log\` is Hive Gateway's logger; without it, nothing is logged.
`;

/** Of Markdown; the same for the same types. */
export function pageOf(reference: Reference): string {
  return [HEAD, ...reference.map(faceSection)].join('\n');
}

function faceSection({ folder, factories, types }: Face): string {
  return [
    `## plugins/${folder}\n`,
    ...factories.map(({ names, options }) => `### ${names.map(code).join(', ')}\n\n${table(options)}`),
    ...types.map(typeSection),
  ].join('\n');
}

function typeSection(type: NamedType): string {
  const head = [`#### ${code(type.name)}\n`, ...(type.text ? [`${type.text}\n`] : [])].join('\n');
  if (type.kind === 'fields') return `${head}\n${table(type.fields)}`;
  return `${head}\n\`\`\`ts\n${type.definition.replace(/^export /, '')}\n\`\`\`\n`;
}

function table(options: readonly Option[]): string {
  const rows = options.filter((option) => !isPlainLog(option)).map(row);
  return ['| option | type | default | what |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

function row({ name, type, isRequired, text }: Option): string {
  const { what, byDefault = '' } = defaultIn(text);
  const shown = type.replaceAll('readonly ', '').replace(/ \| undefined$/, '');
  return `| ${[code(name), code(shown), isRequired ? 'required' : byDefault, what].map(cell).join(' | ')} |`;
}

/** It is told of once, for all of them. */
function isPlainLog({ name, text }: Option): boolean {
  return name === 'log' && text === '';
}

function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
