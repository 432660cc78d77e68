import type { GraphQLError } from 'graphql';
import type { DocumentList } from './document-list.ts';
import type { DocumentOutcome } from './metrics.ts';
import type { Named } from './named.ts';
import type { Mode } from './options.ts';
import { mismatch, notFound, notListed } from './refusals.ts';
import { sha256Of, type RegisteredDocuments } from './registered-documents.ts';

/** What becomes of a request. */
export type Resolution =
  /** It goes on as it is; counted only where that says something. */
  | { readonly kind: 'as it is'; readonly outcome?: DocumentOutcome }
  /** It goes on with this text. Its id is one under which it may be registered when it was executed. */
  | { readonly kind: 'text'; readonly text: string; readonly outcome?: DocumentOutcome; readonly register?: string }
  | { readonly kind: 'refused'; readonly error: GraphQLError; readonly outcome: DocumentOutcome };

export interface Sources {
  readonly mode: Mode;
  readonly list: DocumentList | undefined;
  readonly registered: RegisteredDocuments | undefined;
}

const AS_IT_IS: Resolution = { kind: 'as it is' };

export function resolveDocument(named: Named, sources: Sources): Resolution | Promise<Resolution> {
  const { id, text } = named;
  if (text !== undefined) return ofText(id, text, sources);
  // What has neither is for others to refuse.
  return id === undefined ? AS_IT_IS : ofId(id, named, sources);
}

function ofId(id: string, { by }: Named, { mode, list, registered }: Sources): Resolution | Promise<Resolution> {
  const listed = list?.byId(id);
  if (listed !== undefined) return { kind: 'text', text: listed, outcome: 'listed' };
  if (mode === 'only') return { kind: 'refused', error: notListed(), outcome: 'refused' };
  const conclude = (found: string | undefined): Resolution =>
    found === undefined
      ? { kind: 'refused', error: notFound(by), outcome: 'not_found' }
      : { kind: 'text', text: found, outcome: mode === 'log' && !list?.byText(found) ? 'would_refuse' : 'found' };
  const found = registered?.find(id);
  return found instanceof Promise ? found.then(conclude) : conclude(found);
}

function ofText(id: string | undefined, text: string, { mode, list, registered }: Sources): Resolution {
  const named = id === undefined ? undefined : list?.byId(id);
  if (id !== undefined && named !== text && id !== sha256Of(text)) {
    return { kind: 'refused', error: mismatch(), outcome: 'mismatch' };
  }
  const register = id !== undefined && named === undefined && registered ? id : undefined;
  const rest = register === undefined ? undefined : { register };
  if (mode === 'any' || !list) return id === undefined ? AS_IT_IS : { kind: 'text', text, ...rest };
  const listed = list.byText(text);
  // The words of the list: another text of the same tokens has other comments and other positions.
  if (listed !== undefined) return { kind: 'text', text: listed, outcome: 'listed' };
  if (mode === 'only') return { kind: 'refused', error: notListed(), outcome: 'refused' };
  return { kind: 'text', text, outcome: 'would_refuse', ...rest };
}
