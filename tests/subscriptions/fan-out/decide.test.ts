import { buildSchema, GraphQLError, parse } from 'graphql';
import { expect, test } from 'vitest';
import { decider } from '../../../plugins/subscriptions/fan-out/decide.ts';
import type { ClientOperation } from '../../../plugins/subscriptions/fan-out/client-operation.ts';
import type { ClientSeat } from '../../../plugins/subscriptions/fan-out/seat.ts';
import { ANONYMOUS } from '../../../plugins/request-context.ts';

const SCHEMA = buildSchema(`
  directive @subscriptionFilter(condition: Condition!) on FIELD_DEFINITION
  scalar Condition
  type Query { a: Int }
  type Subscription {
    changed(topic: String! = "a"): Price
      @subscriptionFilter(condition: { IN: { fieldPath: "id", values: ["{{ args.topic }}"] } })
  }
  type Price { id: ID! }
`);

function operation(variables: Record<string, unknown>, context: ClientOperation['context'] = {}): ClientOperation {
  const document = parse('subscription ($topic: String = "a") { changed(topic: $topic) { id } }');
  return { document, operationName: undefined, variables, context };
}

const seatOf = (of: ClientOperation): ClientSeat => ({ operation: of, principal: ANONYMOUS }) as ClientSeat;

test('an operation whose arguments turn out to be wrong ends with what is wrong', () => {
  const { first } = decider(
    () => {},
    () => expect.unreachable(),
  );
  expect(first(operation({ topic: 'b' }), SCHEMA, ANONYMOUS).outcome).toBe('goes on');
  expect(first(operation({ topic: null }), SCHEMA, ANONYMOUS)).toEqual({
    outcome: 'ends',
    error: expect.any(GraphQLError),
  });
});

test('what fails while it is decided again ends the subscription, is told to the operator, and says nothing to the client', async () => {
  const failures: unknown[] = [];
  const { again } = decider(
    () => {},
    (error) => void failures.push(error),
  );
  const authorizeAgain = () => Promise.reject(new Error('a secret of an engine'));
  const decided = await again(seatOf(operation({}, { authorizeAgain })), SCHEMA);
  expect(decided.outcome).toBe('ends');
  expect(JSON.stringify(decided)).not.toContain('secret');
  expect(failures).toEqual([new Error('a secret of an engine')]);
});
