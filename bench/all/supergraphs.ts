import { Kind, parse, print, visit, type ConstDirectiveNode, type DirectiveNode } from 'graphql';

/** The supergraph for `@apollo/gateway`, which does not serve one that asks for checks by directives. */
export function withoutSecurity(sdl: string): string {
  return withoutDirectives(
    sdl,
    ({ name, arguments: given = [] }) =>
      name.value === 'link' &&
      given.some((one) => one.name.value === 'for' && one.value.kind === Kind.ENUM && one.value.value === 'SECURITY'),
  );
}

/** Without what the schema says of how long something may be kept: it would go before any option of `responseCaching`. */
export function withoutCacheControl(sdl: string): string {
  return withoutDirectives(sdl, ({ name }) => name.value === 'cacheControl');
}

function withoutDirectives(
  sdl: string,
  isUnwanted: (directive: DirectiveNode | ConstDirectiveNode) => boolean,
): string {
  return print(visit(parse(sdl), { Directive: (directive) => (isUnwanted(directive) ? null : undefined) }));
}
