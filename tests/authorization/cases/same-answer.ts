import type { ExecutionResult } from 'graphql';
import { expect } from 'vitest';
import type { Answer } from './guarded-federation.ts';

const CODE = 'UNAUTHORIZED_FIELD_OR_TYPE';

/** The same data in the same order, and the same errors at the same paths. */
export function expectSameAnswer(answer: Answer, reference: ExecutionResult, text: string): void {
  expect(JSON.stringify(answer.data), text).toBe(JSON.stringify(reference.data));
  const told = answer.errors.map(({ path = [] }) => path.join('.'));
  const expected = (reference.errors ?? []).map(({ path = [] }) => path.join('.'));
  expect(told, text).toEqual(expect.arrayContaining(expected));
  for (const { path = [], extensions } of answer.errors) {
    expect(extensions?.code, text).toBe(CODE);
    // graphql-js ends an object at its first null that bubbles; what else is denied within it is told here too.
    if (!isWithinNull(answer.data, path)) expect(expected, text).toContain(path.join('.'));
  }
}

/** Whether something above the place is null. */
function isWithinNull(data: unknown, path: readonly (string | number)[]): boolean {
  let value = data;
  for (const key of path.slice(0, -1)) {
    if (value === null || value === undefined) return true;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value === null;
}
