import { mapSchema, MapperKind, pruneSchema } from '@graphql-tools/utils';
import {
  GraphQLBoolean,
  GraphQLObjectType,
  isInterfaceType,
  isObjectType,
  GraphQLSchema,
  OperationTypeNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Principal } from '../request-context.ts';
import { deniedBy, policiesIn } from './grants.ts';
import type { Needs } from './needs.ts';
import type { PolicyDecisions } from './policy-decisions.ts';
import type { PolicyQuestion } from './policy-engine.ts';
import { requirementsOf, type Requirement } from './requirements.ts';

/** What a principal may see of a schema: its introspection tells of nothing else. The same object for the same parts. */
export type VisibleSchemas = (principal: Principal, request: PolicyQuestion['request']) => Promise<GraphQLSchema>;

interface GuardedDefinition {
  readonly coordinate: string;
  readonly kind: OperationTypeNode;
  readonly requirements: readonly Requirement[];
}

/** Each is as large as the schema itself. */
const MAX_SCHEMAS = 20;

/**
 * Without the fields that a principal may not see, and the types that can then not be reached. A policy is asked about
 * a field without arguments; one that needs data is taken to allow, since it may for some objects.
 */
export function visibleSchemas(schema: GraphQLSchema, needs: Needs, decide: PolicyDecisions): VisibleSchemas {
  const guarded = guardedDefinitions(schema);
  const schemas = new LRUCache<string, GraphQLSchema>({ max: MAX_SCHEMAS });

  return async (principal, request) => {
    const questions = guarded.flatMap(({ coordinate, kind, requirements }) =>
      policiesIn(requirements)
        .filter((policy) => !needs.has(policy))
        .map((policy): PolicyQuestion => ({ policy, principal, action: { kind, coordinate }, args: {}, request })),
    );
    const answers = questions.length > 0 ? (await decide(questions)).allowed : [];
    const allowed = new Set(
      questions.flatMap(({ policy, action }, index) => (answers[index] ? [`${policy} ${action.coordinate}`] : [])),
    );
    const hidden = guarded
      .filter(({ coordinate, requirements }) =>
        deniedBy(requirements, principal, (policy) => needs.has(policy) || allowed.has(`${policy} ${coordinate}`)),
      )
      .map(({ coordinate }) => coordinate);
    if (hidden.length === 0) return schema;
    const key = hidden.join(' ');
    const known = schemas.get(key) ?? without(schema, new Set(hidden));
    schemas.set(key, known);
    return known;
  };
}

function guardedDefinitions(schema: GraphQLSchema): readonly GuardedDefinition[] {
  const requirementsFor = requirementsOf(schema);
  const kindOf = new Map(Object.values(OperationTypeNode).map((kind) => [schema.getRootType(kind)?.name, kind]));
  return Object.values(schema.getTypeMap()).flatMap((type) => {
    if (!isObjectType(type) && !isInterfaceType(type)) return [];
    return Object.keys(type.getFields()).flatMap((field): readonly GuardedDefinition[] => {
      const requirements = requirementsFor(type.name, field);
      const kind = kindOf.get(type.name) ?? OperationTypeNode.QUERY;
      return requirements.length > 0 ? [{ coordinate: `${type.name}.${field}`, kind, requirements }] : [];
    });
  });
}

function without(schema: GraphQLSchema, hidden: ReadonlySet<string>): GraphQLSchema {
  const shown = mapSchema(schema, {
    [MapperKind.COMPOSITE_FIELD]: (config, field, type) => (hidden.has(`${type}.${field}`) ? null : config),
  });
  if (shown.getQueryType()) return pruneSchema(shown);
  const query = new GraphQLObjectType({ name: schema.getQueryType()?.name ?? 'Query', fields: { _: NOTHING } });
  return pruneSchema(new GraphQLSchema({ ...shown.toConfig(), query }));
}

/** A schema has to have something to query. */
const NOTHING = { type: GraphQLBoolean, description: 'Without further rights, nothing can be queried.' };
