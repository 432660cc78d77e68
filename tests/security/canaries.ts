import { randomBytes } from 'node:crypto';

/** Values that nothing else has, one for each place where a client can put something. */
export interface Canaries {
  /** The same for the same place; a GraphQL name. */
  at(place: string): string;
  /** The places whose canaries stand in a text. */
  foundIn(text: string): readonly string[];
  readonly places: readonly string[];
}

export function canaries(): Canaries {
  const values = new Map<string, string>();
  return {
    at(place) {
      const value = values.get(place) ?? `canary${randomBytes(8).toString('hex')}`;
      values.set(place, value);
      return value;
    },
    foundIn(text) {
      return [...values].filter(([, value]) => holds(text, value)).map(([place]) => place);
    },
    get places() {
      return [...values.keys()];
    },
  };
}

/** Also in other spellings than its own. */
function holds(text: string, value: string): boolean {
  const bytes = Buffer.from(value);
  return [value, value.toUpperCase(), bytes.toString('hex'), bytes.toString('base64').slice(0, -4)].some((one) =>
    text.includes(one),
  );
}
