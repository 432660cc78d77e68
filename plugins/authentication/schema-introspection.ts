import { BREAK, visit, type DocumentNode } from 'graphql';

const asking = new WeakMap<DocumentNode, boolean>();

/** Whether a document asks for the schema (GraphQL specification, section 4.2): `__schema` or `__type`, anywhere in it. */
export function asksForSchema(document: DocumentNode): boolean {
  const known = asking.get(document);
  if (known !== undefined) return known;
  let asks = false;
  visit(document, {
    Field({ name }) {
      if (name.value !== '__schema' && name.value !== '__type') return undefined;
      asks = true;
      return BREAK;
    },
  });
  asking.set(document, asks);
  return asks;
}
