import { visit, type DocumentNode } from 'graphql';

const START = 'subscriptionFilter_';

/** With which no response key of a document begins. */
export function unusedPrefix(document: DocumentNode): string {
  let prefix = START;
  visit(document, {
    Field({ alias, name }) {
      const key = alias?.value ?? name.value;
      // No key that came before begins with one that is longer.
      while (key.startsWith(prefix)) prefix += '_';
    },
  });
  return prefix;
}
