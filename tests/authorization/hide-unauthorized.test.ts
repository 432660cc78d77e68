import {
  buildClientSchema,
  getIntrospectionQuery,
  isInterfaceType,
  isObjectType,
  parse,
  validateSchema,
  type GraphQLSchema,
  type IntrospectionQuery,
} from 'graphql';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AuthorizationOptions, PolicyEngine } from '../../plugins/authorization/index.ts';
import { ANONYMOUS, type Principal } from '../../plugins/request-context.ts';
import { guardedFederation } from './cases/guarded-federation.ts';

const ADA: Principal = { ...ANONYMOUS, id: 'ada', kind: 'user', method: 'jwt' };
const ALL = ['friends', 'levels', 'vault', 'colours', 'films', 'scores'];

const engine: PolicyEngine = {
  name: 'test',
  decide: (questions) =>
    questions.map(({ policy, principal }) => ({ outcome: principal.roles.includes(policy) ? 'allow' : 'deny' })),
};

async function start(options: AuthorizationOptions = {}): Promise<(principal: Principal) => Promise<GraphQLSchema>> {
  const federation = await guardedFederation({ policies: [{ engine }], hideUnauthorized: true, ...options });
  onTestFinished(() => federation[Symbol.dispose]());
  return async (principal) => {
    const { data, errors } = await federation.ask(parse(getIntrospectionQuery()), {}, principal);
    expect(errors).toEqual([]);
    const schema = buildClientSchema(data as IntrospectionQuery);
    expect(validateSchema(schema)).toEqual([]);
    return schema;
  };
}

function coordinates(schema: GraphQLSchema, ...types: string[]): string[] {
  return types.flatMap((type) => {
    const definition = schema.getType(type);
    const fields = isObjectType(definition) || isInterfaceType(definition) ? definition.getFields() : {};
    return Object.keys(fields).map((field) => `${type}.${field}`);
  });
}

describe('introspection, when it hides what a caller may not see,', () => {
  test('tells nobody of anything guarded, nor of a type to which nothing else leads', async () => {
    const schema = await (await start())(ANONYMOUS);
    expect(coordinates(schema, 'Query', 'User', 'Book', 'Film').toSorted()).toEqual(
      [
        ...['me', 'users', 'found', 'open', 'rooms', 'safes', 'media'].map((field) => `Query.${field}`),
        ...['id', 'name', 'best', 'room', 'boss'].map((field) => `User.${field}`),
        ...['id', 'title', 'rating'].map((field) => `Book.${field}`),
        ...['id', 'minutes', 'rating'].map((field) => `Film.${field}`),
      ].toSorted(),
    );
    for (const type of ['Vault', 'Diary', 'Stamp', 'Colour']) expect(schema.getType(type), type).toBeUndefined();
  });

  test('tells a caller with all rights of the whole schema', async () => {
    const whole = await (await start({ hideUnauthorized: false }))(ANONYMOUS);
    const roles = ['even', 'notes', 'audit', 'payroll', 'diary', 'secrets'];
    const seen = await (await start())({ ...ADA, scopes: ALL, roles });
    expect(Object.keys(seen.getTypeMap()).toSorted()).toEqual(Object.keys(whole.getTypeMap()).toSorted());
    for (const type of Object.keys(whole.getTypeMap()))
      expect(coordinates(seen, type)).toEqual(coordinates(whole, type));
  });

  test('tells each of two callers of its own part, in turn', async () => {
    const introspect = await start();
    for (let turn = 0; turn < 2; turn++) {
      expect(coordinates(await introspect({ ...ADA, roles: ['payroll'] }), 'User')).toContain('User.salary');
      expect(coordinates(await introspect(ADA), 'User')).not.toContain('User.salary');
      expect(coordinates(await introspect({ ...ADA, scopes: ['scores'] }), 'User')).toContain('User.score');
    }
  });

  test('tells of what a policy shows of some objects', async () => {
    const introspect = await start({ policies: [{ engine, needs: { payroll: 'level' } }] });
    expect(coordinates(await introspect(ADA), 'User')).toContain('User.salary');
  });

  test('tells of everything in a dry run', async () => {
    const introspect = await start({ dryRun: true });
    expect(coordinates(await introspect(ANONYMOUS), 'User')).toContain('User.email');
  });
});

test('a type by its name is not told of either, beside data that is answered', async () => {
  const federation = await guardedFederation({ hideUnauthorized: true });
  onTestFinished(() => federation[Symbol.dispose]());
  const document = parse('{ open __type(name: "Vault") { name } me { email } }');
  const { data, errors } = await federation.ask(document, {}, ANONYMOUS);
  expect(data).toEqual({ open: expect.any(Number), __type: null, me: { email: null } });
  expect(errors.map(({ path }) => path)).toEqual([['me', 'email']]);
});
