import { valueFromASTUntyped, type ConstDirectiveNode } from 'graphql';

interface Tagged {
  readonly astNode?: { readonly directives?: readonly ConstDirectiveNode[] | undefined } | null | undefined;
}

const DIRECTIVE = /(?:^|__)cacheTag$/;
const formats = new WeakMap<Tagged, readonly string[]>();

/** The formats that `@cacheTag(format: "product-{$key.upc}")` gives a type or a field. */
export function cacheTagsOf(tagged: Tagged): readonly string[] {
  const known = formats.get(tagged) ?? readFormats(tagged);
  formats.set(tagged, known);
  return known;
}

function readFormats({ astNode }: Tagged): readonly string[] {
  return (astNode?.directives ?? []).flatMap(({ name, arguments: args = [] }) => {
    const format = DIRECTIVE.test(name.value) ? args.find((one) => one.name.value === 'format')?.value : undefined;
    const text: unknown = format && valueFromASTUntyped(format);
    return typeof text === 'string' ? [text] : [];
  });
}

/** `{$key.brand.id}`, `{$args.id}` */
const PLACEHOLDER = /\{(\$\w+)\.([\w.]+)\}/g;

/**
 * A format with its placeholders filled in. Undefined where one has another root than the one that is known here, or
 * where its value is no text, number or boolean.
 */
export function filled(
  format: string,
  root: '$key' | '$args',
  valueAt: (path: readonly string[]) => unknown,
): string | undefined {
  let isWhole = true;
  const text = format.replace(PLACEHOLDER, (_, named: string, path: string) => {
    const value = named === root ? valueAt(path.split('.')) : undefined;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
    isWhole = false;
    return '';
  });
  return isWhole ? text : undefined;
}
