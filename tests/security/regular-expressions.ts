import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export interface FoundExpression {
  /** `plugins/x.ts:12` */
  readonly where: string;
  readonly source: string;
  readonly flags: string;
}

/** A literal where an expression may begin: behind an operator, a bracket, a comma or a keyword, on one line. */
const LITERAL =
  /(?<=(?:^|[=(,:[!&|?{;\n]|=>|\breturn|\bcase)\s*)\/(?![*/])((?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([dgimsuvy]*)/g;
/** Made of texts, or of other expressions: to be looked at by hand. */
const MADE = /new RegExp\(/g;

/** All regular expressions that stand in TypeScript under a folder. */
export function expressionsIn(root: string, folder: string): { literals: FoundExpression[]; made: string[] } {
  const literals: FoundExpression[] = [];
  const made: string[] = [];
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  for (const file of files.toSorted()) {
    const path = join(root, folder, file);
    const text = withoutComments(readFileSync(path, 'utf8'));
    const at = (index: number): string => `${relative(root, path)}:${text.slice(0, index).split('\n').length}`;
    for (const match of text.matchAll(LITERAL)) {
      const [, source = '', flags = ''] = match;
      literals.push({ where: at(match.index), source, flags });
    }
    for (const match of text.matchAll(MADE)) made.push(at(match.index));
  }
  return { literals, made };
}

/** Line by line, so that places stay what they are. */
function withoutComments(text: string): string {
  return text
    .replaceAll(/^\s*\/\*\*[\s\S]*?\*\//gm, (comment) => comment.replaceAll(/[^\n]/g, ''))
    .replaceAll(/^\s*\/\/.*$/gm, '')
    .replaceAll(/(?<=[;,{}]) \/\/ .*$/gm, '');
}
