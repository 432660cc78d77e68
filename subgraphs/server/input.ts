import { badInput } from './errors.ts';

/** The length of a list when a client passes `first: null`; the schemas name the same number as the default. */
const DEFAULT_FIRST = 20;
const MAX_FIRST = 500;

/**
 * How many entries a list answers: at most 500, however many were asked for.
 *
 * @throws GraphQLError `BAD_USER_INPUT` for a negative number
 */
export function listSize(first: number | null | undefined): number {
  if (first === null || first === undefined) return DEFAULT_FIRST;
  if (first < 0) throw badInput(`first: ${first} is negative; it takes 0 to ${MAX_FIRST}.`);
  return Math.min(first, MAX_FIRST);
}

/** @throws GraphQLError `BAD_USER_INPUT` when the text is empty or longer than `max` UTF-16 code units */
export function requireText(field: string, text: string, max: number): string {
  if (text.trim() === '' || text.length > max) throw badInput(`${field}: it takes 1 to ${max} characters.`);
  return text;
}

/** @throws GraphQLError `BAD_USER_INPUT` when the number is outside `low` to `high` */
export function requireNumber(field: string, number: number, low: number, high: number): number {
  if (number < low || number > high) throw badInput(`${field}: ${number} is not within ${low} to ${high}.`);
  return number;
}

type Given<Input> = { [Field in keyof Input]?: NonNullable<Input[Field]> };

/** The fields of an input object that a client filled: one that is left out or null keeps its value. */
export function given<Input extends object>(input: Input): Given<Input> {
  return Object.fromEntries(
    Object.entries(input).filter(([, value]) => value !== null && value !== undefined),
  ) as Given<Input>;
}
