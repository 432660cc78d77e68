import { existsSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { parseAst } from 'vitest/node';
import { readText, ROOT } from './repository.ts';

/** All that some modules of the repository load, and what that loads, whether at once or later. */
export interface ModuleGraph {
  /** Paths of files: modules, and what is named by `new URL('./file', import.meta.url)`. */
  readonly files: ReadonlySet<string>;
  /** Packages by name, each with one file that imports it. */
  readonly packages: ReadonlyMap<string, string>;
  /** Property names and texts that could be environment variables (`REDIS_URL`). */
  readonly variables: ReadonlySet<string>;
}

/** A node of ESTree. */
export interface AstNode {
  readonly type: string;
  readonly [field: string]: unknown;
}

const VARIABLE = /^[A-Z][A-Z0-9_]*$/;

/** Type-only imports count for nothing: Node strips them. */
export function moduleGraph(entries: readonly string[]): ModuleGraph {
  const files = new Set<string>();
  const packages = new Map<string, string>();
  const variables = new Set<string>();

  function follow(file: string): void {
    if (files.has(file)) return;
    files.add(file);
    if (!/\.[cm]?[jt]s$/.test(file)) return;
    for (const node of nodesOf(parseAst(readText(file), { lang: 'ts' }))) {
      const imported = importedBy(node);
      if (imported?.startsWith('.')) follow(posix.join(posix.dirname(file), imported));
      else if (imported !== undefined && !isBuiltin(imported)) packages.set(packageOf(imported), file);

      const named = posix.join(posix.dirname(file), fileUrl(node) ?? '');
      if (!named.startsWith('node_modules/') && isFile(named)) follow(named);

      for (const name of namesIn(node)) if (VARIABLE.test(name)) variables.add(name);
    }
  }

  for (const entry of entries) follow(entry);
  return { files, packages, variables };
}

/** All nodes of a tree, each before what is in it. */
export function* nodesOf(value: unknown): Generator<AstNode> {
  if (typeof value !== 'object' || value === null) return;
  if ('type' in value && typeof value.type === 'string') yield value as AstNode;
  for (const child of Object.values(value)) yield* nodesOf(child);
}

function importedBy({ type, source, importKind, exportKind }: AstNode): string | undefined {
  if (!['ImportDeclaration', 'ImportExpression', 'ExportNamedDeclaration', 'ExportAllDeclaration'].includes(type)) {
    return undefined;
  }
  if (importKind === 'type' || exportKind === 'type') return undefined;
  return textOf(source);
}

/** `x` of `new URL('x', import.meta.url)`. */
function fileUrl({ type, callee, arguments: given }: AstNode): string | undefined {
  if (type !== 'NewExpression' || (callee as AstNode).name !== 'URL') return undefined;
  const [path, base] = given as AstNode[];
  return (base?.object as AstNode | undefined)?.type === 'MetaProperty' ? textOf(path) : undefined;
}

function namesIn(node: AstNode): string[] {
  const { type, property, key } = node;
  const name = type === 'MemberExpression' ? property : type === 'Property' ? key : undefined;
  const names = [textOf(node), (name as AstNode | undefined)?.name];
  return names.filter((text) => typeof text === 'string');
}

function textOf(value: unknown): string | undefined {
  const node = value as AstNode | null | undefined;
  return node?.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined;
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function isFile(path: string): boolean {
  return existsSync(join(ROOT, path)) && statSync(join(ROOT, path)).isFile();
}
