import { GraphQLError } from 'graphql';
import type { DataDecisions, FoundData } from '../request-context.ts';
import { completeResponse, type CompletedResponse, type Gate, type Responding } from './complete.ts';
import type { JsonObject } from './json.ts';
import type { Guard } from './shape.ts';

/**
 * Completes a response of which some is shown only when its data says so: once to find what is to be decided on, all of
 * which is decided in one call, and once to leave out what the decisions keep back.
 */
export async function completeOnData(responding: Responding, onData: DataDecisions): Promise<CompletedResponse> {
  const found: FoundData[] = [];
  const places = new Map<JsonObject, Map<Guard, number>>();
  const collect: Gate = (object, guard, read) => {
    const ofObject = places.get(object) ?? new Map<Guard, number>();
    places.set(object, ofObject);
    if (!ofObject.has(guard)) ofObject.set(guard, found.push({ needed: guard.needed, data: read() }) - 1);
    return true;
  };
  completeResponse(responding, collect);
  const decisions = found.length > 0 ? await onData.decide(found) : [];
  if (decisions instanceof GraphQLError) return { data: null, errors: [decisions] };
  // The client did not ask for what policies need.
  const isClients = ({ path = [] }: GraphQLError) =>
    !path.some((key) => typeof key === 'string' && key.startsWith(onData.prefix));
  const isAllowed: Gate = (object, guard) => decisions[places.get(object)?.get(guard) ?? -1] === true;
  return completeResponse(responding, isAllowed, responding.failures.located().filter(isClients));
}
