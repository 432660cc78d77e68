import type { Principal } from '../../request-context.ts';
import { scalarOf, type Scalar } from './scalar.ts';

export type Arguments = Readonly<Record<string, unknown>>;

const PARTS = ['id', 'roles', 'scopes', 'clientId', 'tier'] as const;

/** What a template stands for. */
export type Reference =
  | { readonly to: 'args'; readonly text: string; readonly path: readonly string[] }
  | PrincipalReference;

export type PrincipalReference =
  | { readonly to: 'principal'; readonly text: string; readonly part: (typeof PARTS)[number] }
  | { readonly to: 'claims'; readonly text: string; readonly name: string };

/** A scalar, or each element of a list; undefined: it cannot be known. */
export type Given = Scalar | undefined | readonly (Scalar | undefined)[];

/** Of what stands between the braces. Undefined when there is no such thing. */
export function referenceTo(text: string): Reference | undefined {
  const [root, ...path] = text.split('.');
  if (root === 'args' && path.length > 0) return { to: 'args', text, path };
  if (root !== 'principal') return undefined;
  const name = path.slice(1).join('.');
  if (path[0] === 'claims' && name !== '') return { to: 'claims', text, name };
  const part = PARTS.find((one) => one === path.join('.'));
  return part && { to: 'principal', text, part };
}

export function given(reference: Reference, args: Arguments, principal: Principal): Given {
  return givenBy(reference.to === 'args' ? at(args, reference.path) : ofPrincipal(reference, principal));
}

export function givenByPrincipal(reference: PrincipalReference, principal: Principal): Given {
  return givenBy(ofPrincipal(reference, principal));
}

function ofPrincipal(reference: PrincipalReference, principal: Principal): unknown {
  if (reference.to === 'principal') return principal[reference.part];
  const { claims } = principal;
  // As in `https://example.com/tenant`.
  return Object.hasOwn(claims, reference.name) ? claims[reference.name] : at(claims, reference.name.split('.'));
}

function givenBy(value: unknown): Given {
  return Array.isArray(value) ? value.map(scalarOf) : scalarOf(value);
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (within, name) =>
      typeof within === 'object' && within !== null && Object.hasOwn(within, name)
        ? (within as Arguments)[name]
        : undefined,
    value,
  );
}
