import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import {
  isFunctionDeclaration,
  isFunctionTypeNode,
  isIndexedAccessTypeNode,
  isInterfaceDeclaration,
  isMethodSignatureDeclaration,
  isPropertySignatureDeclaration,
  isTypeAliasDeclaration,
  isTypeOperatorNode,
  isTypeReferenceNode,
  SyntaxKind,
  type InterfaceDeclaration,
  type Node,
  type TypeAliasDeclaration,
  type TypeNode,
} from 'typescript/unstable/ast';
import { API, SymbolFlags, type Project, type Symbol as TypeScriptSymbol, type Type } from 'typescript/unstable/sync';
import type { Face, Factory, NamedType, Option, Reference } from './reference.ts';

// All that knows TypeScript's API is here: it is not stable yet.

/** Imported by `gateway.config.ts` beside the `index.ts` of the folders of `plugins/`. */
const FURTHER_FACES = ['authorization/engines/index.ts', 'webhooks/sender.ts'];

/**
 * Reads it from the sources under `root`, which has a `tsconfig.json`. Faces without options are not in it.
 *
 * @throws Error when a face is not part of the project
 */
export function readReference(root: string): Reference {
  const api = new API({ cwd: root });
  try {
    const config = join(root, 'tsconfig.json');
    const project = api.updateSnapshot({ openProject: config }).getProject(config);
    if (!project) throw new Error(`${config} cannot be opened`);
    return faceFiles(root)
      .map((file) => readFace(project, root, file))
      .filter(({ factories }) => factories.length > 0);
  } finally {
    api.close();
  }
}

function faceFiles(root: string): string[] {
  const plugins = join(root, 'plugins');
  const indexes = readdirSync(plugins).map((folder) => join(folder, 'index.ts'));
  return [...indexes, ...FURTHER_FACES]
    .map((file) => join(plugins, file))
    .filter((file) => existsSync(file))
    .toSorted();
}

function readFace(project: Project, root: string, path: string): Face {
  const { checker, program } = project;
  const source = program.getSourceFile(path);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${path} is not a module of the project`);

  const factories = new Map<string, { names: string[]; options: readonly Option[] }>();
  const types = new Map<string, NamedType>();
  for (const exported of checker.getExportsOfModule(module)) {
    const taken = optionsTakenBy(project, exported);
    const type = taken && checker.getTypeFromTypeNode(taken);
    if (!type) continue;
    const properties = propertiesOf(project, type);
    const known = factories.get(taken.getText());
    if (known) known.names.push(exported.name);
    else {
      const options = properties.map((property) => optionOf(project, property));
      factories.set(taken.getText(), { names: [exported.name], options });
      for (const property of properties) collectTypes(project, property.declarations[0]?.resolve(project), types);
    }
  }
  const listed: readonly Factory[] = [...factories.values()];
  const folder = relative(join(root, 'plugins'), path).replace(/\/index\.ts$|\.ts$/, '');
  return { folder, factories: listed, types: [...types.values()].filter((type) => !isPartOf(listed, type)) };
}

/** Its fields are options of a factory too, and told there. */
function isPartOf(factories: readonly Factory[], type: NamedType): boolean {
  if (type.kind === 'alias') return false;
  return factories.some(({ options }) =>
    type.fields.every((field) => options.some(({ name, text }) => name === field.name && text === field.text)),
  );
}

/** The type of the parameter that is options, by its name. */
function optionsTakenBy(project: Project, exported: TypeScriptSymbol): TypeNode | undefined {
  const declaration = resolved(project, exported).valueDeclaration?.resolve(project);
  if (!declaration || !isFunctionDeclaration(declaration)) return undefined;
  return declaration.parameters.map(({ type }) => type).find((type) => type && /\w+Options\b/.test(type.getText()));
}

/** As they stand in the sources, file by file. */
function propertiesOf({ checker }: Project, type: Type): readonly TypeScriptSymbol[] {
  return checker.getPropertiesOfType(type).toSorted((a, b) => {
    const [one, other] = [a.declarations[0], b.declarations[0]];
    if (!one || !other) return 0;
    return one.path === other.path ? one.index - other.index : one.path < other.path ? -1 : 1;
  });
}

function optionOf(project: Project, property: TypeScriptSymbol): Option {
  return {
    name: property.name,
    type: typeOf(project, property),
    isRequired: (property.flags & SymbolFlags.Optional) === 0,
    text: property.getDocumentationComment(project.checker).replaceAll(/\s+/g, ' '),
  };
}

/** As it stands in the source; but what a part of another type is (`Principal['kind']`) says more than where it is from. */
function typeOf(project: Project, property: TypeScriptSymbol): string {
  const declaration = property.declarations[0]?.resolve(project);
  const node = declaration && isPropertySignatureDeclaration(declaration) ? declaration.type : undefined;
  const type = project.checker.getTypeOfSymbol(property);
  const text = node?.getText() ?? '';
  if (text && !text.includes("['")) return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/\s+/g, ' ');
  return type ? project.checker.typeToString(type) : '';
}

type NamedDeclaration = InterfaceDeclaration | TypeAliasDeclaration;

/** Those of this repository that a type names: not for what its functions take and give, and not for the names of fields. */
function declarationsIn(project: Project, node: Node): readonly NamedDeclaration[] {
  const found: NamedDeclaration[] = [];
  const visit = (child: Node): void => {
    if (isFunctionTypeNode(child) || isMethodSignatureDeclaration(child)) return;
    if (isIndexedAccessTypeNode(child)) return;
    if (isTypeOperatorNode(child) && child.operator === SyntaxKind.KeyOfKeyword) return;
    if (isTypeReferenceNode(child)) {
      const symbol = project.checker.getSymbolAtLocation(child.typeName);
      const declaration = symbol && resolved(project, symbol).declarations[0]?.resolve(project);
      if (declaration && isNamed(declaration) && isOurs(declaration)) found.push(declaration);
    }
    child.forEachChild(visit);
  };
  visit(node);
  return found;
}

function isNamed(node: Node): node is NamedDeclaration {
  return isInterfaceDeclaration(node) || isTypeAliasDeclaration(node);
}

function isOurs(node: Node): boolean {
  return !node.getSourceFile().fileName.includes('/node_modules/');
}

/** The types that `node` names, and that those are of; what something is to be called on is not an option. */
function collectTypes(project: Project, node: Node | undefined, types: Map<string, NamedType>): void {
  if (!node) return;
  for (const declaration of declarationsIn(project, node)) {
    const name = declaration.name.getText();
    if (types.has(name) || !isData(declaration)) continue;
    const symbol = project.checker.getSymbolAtLocation(declaration.name);
    if (!symbol) continue;
    const text = symbol.getDocumentationComment(project.checker).replaceAll(/\s+/g, ' ');
    if (isTypeAliasDeclaration(declaration)) {
      types.set(name, { kind: 'alias', name, text, definition: declaration.getText() });
      collectTypes(project, declaration.type, types);
      continue;
    }
    const properties = propertiesOf(project, project.checker.getDeclaredTypeOfSymbol(symbol));
    types.set(name, { kind: 'fields', name, text, fields: properties.map((field) => optionOf(project, field)) });
    for (const property of properties) collectTypes(project, property.declarations[0]?.resolve(project), types);
  }
}

function isData(declaration: NamedDeclaration): boolean {
  if (isTypeAliasDeclaration(declaration)) return !isFunctionTypeNode(declaration.type);
  return declaration.members.every(isPropertySignatureDeclaration);
}

function resolved({ checker }: Project, symbol: TypeScriptSymbol): TypeScriptSymbol {
  return symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}
