import type { ExecutionRequest } from '@graphql-tools/utils';
import {
  getArgumentValues,
  GraphQLError,
  Kind,
  valueFromASTUntyped,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { supergraphOf } from '../../supergraph/public-schema.ts';
import type { EventTopic } from '../upstream/upstream.ts';
import { selectedOf } from './selected.ts';
import { topicTemplate } from './template.ts';

const DIRECTIVE = /(?:^|__)pubsubOperation$/;

/**
 * Where the events of a subscription field are that has `@pubsubOperation(pubsubTopic: "price.{args.id}")`: messages
 * under that topic, each the value of the field as JSON. Undefined for any other field. Throws a `GraphQLError` when the
 * topic cannot be told.
 *
 * @param publicSchema by which the client's operation is executed
 * @param request for the subgraph
 */
export function topicOf(
  publicSchema: GraphQLSchema,
  { document, variables }: Pick<ExecutionRequest, 'document' | 'variables'>,
): EventTopic | undefined {
  const schema = supergraphOf(publicSchema);
  const root = rootField(document);
  const field = root && schema.getSubscriptionType()?.getFields()[root.name.value];
  const directive = field?.astNode?.directives?.find(({ name }) => DIRECTIVE.test(name.value));
  if (!root || !field || !directive) return undefined;
  const given = directive.arguments?.find(({ name }) => name.value === 'pubsubTopic');
  const name = nameOf(given && valueFromASTUntyped(given.value), field, root, variables ?? {});
  const key = root.alias?.value ?? root.name.value;
  const fragments = fragmentsOf(document);
  return {
    name,
    eventOf: (message) => ({
      data: { [key]: selectedOf(schema, fragments, root.selectionSet, field.type, message) },
    }),
  };
}

function nameOf(
  text: unknown,
  field: GraphQLField<unknown, unknown>,
  root: FieldNode,
  variables: Readonly<Record<string, unknown>>,
): string {
  try {
    const name = topicTemplate(String(text)).fill(getArgumentValues(field, root, variables));
    if (name !== undefined) return name;
  } catch {
    // The author's or the client's mistake: both learn that there is no topic.
  }
  throw new GraphQLError(`The topic of "${field.name}" cannot be told by its arguments.`, {
    extensions: { code: 'BAD_USER_INPUT' },
  });
}

function rootField({ definitions }: DocumentNode): FieldNode | undefined {
  const operation = definitions.find(
    (node): node is OperationDefinitionNode => node.kind === Kind.OPERATION_DEFINITION,
  );
  return operation?.selectionSet.selections.find((node): node is FieldNode => node.kind === Kind.FIELD);
}

function fragmentsOf({ definitions }: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  return new Map(
    definitions
      .filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
}
