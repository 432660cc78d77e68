import { hash } from 'node:crypto';
import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { OperationProfile } from '../../operation/index.ts';
import type { Sanitize, Sanitizer } from '../sanitize/index.ts';
import { documentText } from './document-text.ts';
import type { RecordedOperation } from './record.ts';

/** What is the same in all records of an operation. */
export interface DescribedOperation {
  readonly recorded: RecordedOperation;
  readonly sanitize: Sanitize;
}

export interface Descriptions {
  /** Made once for each profile. */
  of(profile: OperationProfile, schema: GraphQLSchema, document: DocumentNode): DescribedOperation;
  /** Of what was parsed, and does not fit the schema. */
  ofDefinition(definition: OperationDefinitionNode | undefined): DescribedOperation | undefined;
}

/** Characters of a name, which is a client's own word. */
const MAX_NAME = 128;
const MAX_DOCUMENT = 8_192;
const MAX_SENSITIVE = 100;

/** @param clientNames whether the names of operations are told of */
export function descriptions(sanitizer: Sanitizer, clientNames: boolean): Descriptions {
  const known = new WeakMap<OperationProfile, DescribedOperation>();

  function describe(profile: OperationProfile, schema: GraphQLSchema, document: DocumentNode): DescribedOperation {
    const text = documentText(profile);
    const sensitive = sensitiveFields(profile, schema);
    return {
      recorded: {
        name: clientNames ? boundedName(profile.name) : undefined,
        kind: profile.kind,
        hash: text === undefined ? undefined : hash('sha256', text, 'base64url'),
        document: text === undefined || text.length > MAX_DOCUMENT ? undefined : text,
        sensitive: sensitive.length > 0 ? sensitive : undefined,
      },
      sanitize: sanitizer.compile(schema, document, profile.definition),
    };
  }

  function sensitiveFields({ touched }: OperationProfile, schema: GraphQLSchema): readonly string[] {
    const { fieldsReadBy } = sanitizer.sensitive(schema);
    const found = [...touched.fields.keys()].flatMap((coordinate) => {
      const [type = '', field = ''] = coordinate.split('.');
      return fieldsReadBy(type, field);
    });
    return [...new Set(found)].toSorted().slice(0, MAX_SENSITIVE);
  }

  return {
    of(profile, schema, document) {
      const before = known.get(profile);
      if (before) return before;
      const described = describe(profile, schema, document);
      known.set(profile, described);
      return described;
    },
    ofDefinition(definition) {
      if (!definition) return undefined;
      return {
        recorded: {
          name: clientNames ? boundedName(definition.name?.value) : undefined,
          kind: definition.operation,
          hash: undefined,
          document: undefined,
          sensitive: undefined,
        },
        sanitize: sanitizer.unknown,
      };
    },
  };
}

/** A longer one is left out: what is cut might still be too much. */
function boundedName(name: string | undefined): string | undefined {
  return name !== undefined && name.length <= MAX_NAME ? name : undefined;
}
