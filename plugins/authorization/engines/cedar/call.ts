import type { EntityJson, StatefulAuthorizationCall } from '@cedar-policy/cedar-wasm/nodejs';
import type { Principal } from '../../../request-context.ts';
import type { PolicyQuestion } from '../../policy-engine.ts';
import { factsOf } from '../principal-facts.ts';
import { cedarValue } from './values.ts';

type Call = Omit<StatefulAuthorizationCall, 'preparsedPolicySetId'>;
type Attributes = StatefulAuthorizationCall['context'];

/** The principal as an entity; undefined when its claims cannot be said in Cedar. */
export function principalEntity(principal: Principal): EntityJson | undefined {
  const attrs = cedarValue(factsOf(principal)) as Attributes | undefined;
  return attrs && { uid: { type: 'Principal', id: principal.id }, attrs, parents: [] };
}

/** A question as Cedar is asked it; undefined when its arguments or its resource cannot be said in Cedar. */
export function cedarCall(
  { action, args, request, resource }: PolicyQuestion,
  principal: EntityJson,
): Call | undefined {
  const context = cedarValue({ args, request }) as Attributes | undefined;
  const attrs = cedarValue(resource ?? {}) as Attributes | undefined;
  if (!context || !attrs) return undefined;
  const uid = { type: 'Field', id: action.coordinate };
  return {
    principal: principal.uid,
    action: { type: 'Action', id: action.kind },
    resource: uid,
    context,
    entities: resource ? [principal, { uid, attrs, parents: [] }] : [principal],
  };
}
