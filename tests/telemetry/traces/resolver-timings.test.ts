import { Trace, type ITrace } from '@apollo/usage-reporting-protobuf';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { resolverTimings } from '../../../plugins/telemetry/traces/resolver-timings.ts';

const encoded = (trace: ITrace): string => Buffer.from(Trace.encode(trace).finish()).toString('base64');

const USERS: ITrace = {
  root: {
    child: [
      {
        responseName: 'everybody',
        originalFieldName: 'users',
        parentType: 'Query',
        startTime: 10,
        endTime: 20,
        child: [
          { index: 0, child: [{ responseName: 'name', parentType: 'User', startTime: 30, endTime: 40 }] },
          {
            index: 1,
            child: [
              { responseName: 'name', parentType: 'User', startTime: 35, endTime: 60, error: [{ message: 'secret' }] },
            ],
          },
        ],
      },
    ],
  },
};

test('fields are told by their coordinates, those of a list as one', () => {
  expect(resolverTimings(encoded(USERS))).toEqual([
    { coordinate: 'Query.users', path: 'everybody', parentPath: undefined, start: 10, end: 20, hasFailed: false },
    { coordinate: 'User.name', path: 'everybody.name', parentPath: 'everybody', start: 30, end: 60, hasFailed: true },
  ]);
});

test('nothing that a subgraph sends makes it fail, or takes it long', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.anything(),
        fc.base64String(),
        fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')),
      ),
      (ftv1) => {
        const timings = resolverTimings(ftv1);
        expect(timings === undefined || Array.isArray(timings)).toBe(true);
      },
    ),
  );
  let deep: NonNullable<ITrace['root']> = {};
  for (let n = 0; n < 5_000; n++) deep = { responseName: 'a', parentType: 'A', child: [deep] };
  expect(resolverTimings(encoded({ root: deep }))?.length ?? 0).toBeLessThanOrEqual(101);
  const wide = {
    root: { child: Array.from({ length: 10_000 }, (_, n) => ({ responseName: `f${n}`, parentType: 'A' })) },
  };
  expect(resolverTimings(encoded(wide))).toHaveLength(2_000);
  expect(resolverTimings('x'.repeat(1_000_000))).toBeUndefined();
});
