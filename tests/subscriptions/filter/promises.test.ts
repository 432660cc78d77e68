import { describe, expect, test } from 'vitest';
import { subscriptionFilters } from '../../../plugins/subscriptions/filter/index.ts';
import { caller, filteredSchema, filterOf } from './cases/filtered.ts';

/** Whether an event with the value passes a filter that takes what is given as a literal. */
function isAmong(values: string, event: unknown, fieldPath = 'tenant'): boolean {
  return filterOf(`{ IN: { fieldPath: "${fieldPath}", values: ${values} } }`).for({}, caller())(event);
}

const OF_TENANT = '{ IN: { fieldPath: "tenant", values: ["{{ principal.claims.tenant }}"] } }';
const NOT_ABROAD = '{ NOT: { IN: { fieldPath: "buyer.country", values: ["{{ args.region }}", "XX"] } } }';

describe('a caller gets', () => {
  const acme = caller({ claims: { tenant: 'acme' } });
  const passes = filterOf(`{ AND: [${OF_TENANT}, ${NOT_ABROAD}] }`).for({ region: 'FR' }, acme);

  test('the events of its own tenant', () => {
    expect(passes({ tenant: 'acme', buyer: { country: 'DE' } })).toBe(true);
  });

  test('no event of another tenant', () => {
    expect(passes({ tenant: 'other', buyer: { country: 'DE' } })).toBe(false);
  });

  test('no event that an argument rules out, nor one that a literal does', () => {
    expect(passes({ tenant: 'acme', buyer: { country: 'FR' } })).toBe(false);
    expect(passes({ tenant: 'acme', buyer: { country: 'XX' } })).toBe(false);
  });

  test('only what passes all filters of a field', () => {
    const both = filterOf(OF_TENANT, NOT_ABROAD).for({ region: 'FR' }, acme);
    expect(both({ tenant: 'acme', buyer: { country: 'DE' } })).toBe(true);
    expect(both({ tenant: 'other', buyer: { country: 'DE' } })).toBe(false);
    expect(both({ tenant: 'acme', buyer: { country: 'FR' } })).toBe(false);
  });

  test('all events of a field without a filter', () => {
    const told: string[] = [];
    const filters = subscriptionFilters(filteredSchema(OF_TENANT), (at) => told.push(at));
    expect(filters('open')).toBeUndefined();
    expect(filters('constructor')).toBeUndefined();
    expect(told).toEqual([]);
  });
});

describe('what cannot be known lets nothing pass, under NOT neither', () => {
  test.each([
    ['a claim that the caller does not have', {}, { tenant: 'a', buyer: { country: 'DE' } }],
    ['a claim that is an object', { tenant: { id: 'a' } }, { tenant: 'a', buyer: { country: 'DE' } }],
    ['a claim that every object inherits', Object.create({ tenant: 'b' }), { tenant: 'a' }],
    ['a field that the event does not have', { tenant: 'b' }, { buyer: { country: 'DE' } }],
    ['a field that is an object', { tenant: 'b' }, { tenant: {} }],
    ['an event that is null', { tenant: 'b' }, null],
    ['an event that is not there', { tenant: 'b' }, undefined],
  ])('%s', (_, claims: Record<string, unknown>, event) => {
    const who = caller({ claims });
    expect(filterOf(OF_TENANT).for({}, who)(event)).toBe(false);
    expect(filterOf(`{ NOT: ${OF_TENANT} }`).for({}, who)(event)).toBe(false);
    expect(filterOf(`{ NOT: { NOT: ${OF_TENANT} } }`).for({}, who)(event)).toBe(false);
  });

  test('an argument that the client has not given', () => {
    expect(filterOf(NOT_ABROAD).for({}, caller())({ buyer: { country: 'DE' } })).toBe(false);
  });

  test('an object on the way that is null', () => {
    expect(filterOf(NOT_ABROAD).for({ region: 'FR' }, caller())({ buyer: null })).toBe(false);
  });

  test('a client and a tier that the caller does not have', () => {
    for (const name of ['clientId', 'tier']) {
      const filter = filterOf(`{ NOT: { IN: { fieldPath: "tenant", values: ["{{ principal.${name} }}"] } } }`);
      expect(filter.for({}, caller())({ tenant: 'a' })).toBe(false);
      expect(filter.for({}, caller({ [name]: 'b' }))({ tenant: 'a' })).toBe(true);
    }
  });

  test('a field that every object inherits', () => {
    const inherits = '{ IN: { fieldPath: "constructor.name", values: ["Object"] } }';
    expect(filterOf(inherits).for({}, caller())({ id: 1 })).toBe(false);
    expect(filterOf(`{ NOT: ${inherits.replace('Object', 'x')} }`).for({}, caller())({ id: 1 })).toBe(false);
  });

  test('but what is certain without it does', () => {
    const either = filterOf(`{ OR: [${OF_TENANT}, { IN: { fieldPath: "id", values: [1] } }] }`).for({}, caller());
    expect(either({ tenant: 'a', id: 1 })).toBe(true);
    expect(either({ tenant: 'a', id: 2 })).toBe(false);
    const orLiteral = filterOf('{ IN: { fieldPath: "tenant", values: ["{{ args.region }}", "XX"] } }');
    expect(orLiteral.for({}, caller())({ tenant: 'XX' })).toBe(true);
    const never = filterOf(`{ NOT: { AND: [${OF_TENANT}, { IN: { fieldPath: "id", values: [1] } }] } }`);
    expect(never.for({}, caller())({ tenant: 'a', id: 2 })).toBe(true);
  });
});

describe('equal are', () => {
  test('an id as a number and as a string', () => {
    expect(isAmong('["5"]', { tenant: 5 })).toBe(true);
    expect(isAmong('[5]', { tenant: '5' })).toBe(true);
    expect(isAmong('[5]', { tenant: '5.0' })).toBe(false);
    expect(isAmong('[2.50]', { tenant: 2.5 })).toBe(true);
    expect(isAmong('[1000000000000000000000]', { tenant: 1e21 })).toBe(true);
  });

  test('ids beyond what a number can say, without a mistake', () => {
    expect(isAmong('[9007199254740993]', { tenant: '9007199254740993' })).toBe(true);
    expect(isAmong('[9007199254740993]', { tenant: '9007199254740992' })).toBe(false);
  });

  test('a boolean and its text, and no number', () => {
    expect(isAmong('[true]', { tenant: true })).toBe(true);
    expect(isAmong('["false"]', { tenant: false })).toBe(true);
    expect(isAmong('[true 1]', { tenant: false })).toBe(false);
    expect(isAmong('[1 "yes"]', { tenant: true })).toBe(false);
    expect(isAmong('[0 "" null]', { tenant: false })).toBe(false);
  });

  test('null and null alone', () => {
    expect(isAmong('[null]', { tenant: null })).toBe(true);
    expect(isAmong('["null" "" 0 false]', { tenant: null })).toBe(false);
    expect(isAmong('[null]', { tenant: 'null' })).toBe(false);
    expect(isAmong('[null]', {})).toBe(false);
    const notNull = filterOf('{ NOT: { IN: { fieldPath: "tenant", values: [null] } } }').for({}, caller());
    expect(notNull({ tenant: 'a' })).toBe(true);
    expect(notNull({ tenant: null })).toBe(false);
    expect(notNull({})).toBe(false);
  });

  test('an enum value and its name', () => {
    expect(isAmong('[OPEN]', { state: 'OPEN' }, 'state')).toBe(true);
    expect(isAmong('["OPEN"]', { state: 'OPEN' }, 'state')).toBe(true);
    expect(isAmong('[OPEN]', { state: 'CLOSED' }, 'state')).toBe(false);
  });
});

describe('of a list', () => {
  test('any element counts, anywhere on the path', () => {
    expect(isAmong('["b"]', { tags: ['a', 'b'] }, 'tags')).toBe(true);
    expect(isAmong('["b"]', { tags: [] }, 'tags')).toBe(false);
    expect(isAmong('["b"]', { lines: [{ tags: ['a'] }, { tags: ['c', 'b'] }] }, 'lines.tags')).toBe(true);
    expect(isAmong('["b"]', [{ tenant: 'a' }, { tenant: 'b' }])).toBe(true);
    expect(isAmong('["b"]', [{ tenant: 'a' }, null])).toBe(false);
  });

  test('that has none of the values, NOT is true; with one that cannot be known, it is not', () => {
    const none = filterOf('{ NOT: { IN: { fieldPath: "lines.sku", values: ["x"] } } }').for({}, caller());
    expect(none({ lines: [{ sku: 'a' }, { sku: 'b' }] })).toBe(true);
    expect(none({ lines: [] })).toBe(true);
    expect(none({ lines: [{ sku: 'a' }, { sku: 'x' }] })).toBe(false);
    expect(none({ lines: [{ sku: 'a' }, {}] })).toBe(false);
    expect(none({ lines: [{ sku: 'a' }, null] })).toBe(false);
  });

  test('in a claim or an argument, each element is a value', () => {
    const filter = filterOf('{ IN: { fieldPath: "tenant", values: ["{{principal.claims.orgs}}", "{{ args.ids }}"] } }');
    const passes = filter.for({ ids: ['x', null] }, caller({ claims: { orgs: ['a', 2] } }));
    for (const tenant of ['a', 2, '2', 'x', null]) expect(passes({ tenant })).toBe(true);
    for (const tenant of ['b', 'a,2', 'null', '']) expect(passes({ tenant })).toBe(false);
  });

  test('that is empty, it is no value', () => {
    const roles = '{ IN: { fieldPath: "tenant", values: ["{{ principal.roles }}"] } }';
    expect(filterOf(roles).for({}, caller())({ tenant: 'a' })).toBe(false);
    expect(filterOf(`{ NOT: ${roles} }`).for({}, caller())({ tenant: 'a' })).toBe(true);
    expect(filterOf(`{ NOT: ${roles} }`).for({}, caller())({})).toBe(false);
  });
});

describe('a template', () => {
  const who = caller({
    id: 'ann',
    clientId: 'app',
    tier: 'gold',
    roles: ['admin'],
    scopes: ['read'],
    claims: { org: { name: 'acme' }, 'https://example.com/tenant': 'web', n: 5, none: null, list: ['a'] },
  });
  const args = { region: 'EU', place: { country: 'DE', within: { lines: ['l1', 'l2'] } }, anything: { a: { b: 1 } } };
  const first = (template: string, tenant: unknown): boolean =>
    filterOf(`{ IN: { fieldPath: "tenant", values: ["${template}"] } }`).for(args, who)({ tenant });

  test.each([
    ['{{ principal.id }}', 'ann'],
    ['{{ principal.clientId }}', 'app'],
    ['{{ principal.tier }}', 'gold'],
    ['{{ principal.roles }}', 'admin'],
    ['{{ principal.scopes }}', 'read'],
    ['{{ principal.claims.org.name }}', 'acme'],
    ['{{ principal.claims.https://example.com/tenant }}', 'web'],
    ['{{principal.claims.n}}', 5],
    ['{{ principal.claims.none }}', null],
    ['{{ args.region }}', 'EU'],
    ['{{ args.place.country }}', 'DE'],
    ['{{ args.place.within.lines }}', 'l2'],
    ['{{ args.anything.a.b }}', 1],
    ['org-{{ principal.claims.org.name }}/{{ args.region }}', 'org-acme/EU'],
    ['{{ principal.claims.n }}{{ principal.claims.n }}', 55],
    ['a } b { c', 'a } b { c'],
  ])('%s stands for what it names', (template, tenant) => {
    expect(first(template, tenant)).toBe(true);
    expect(first(template, 'else')).toBe(false);
  });

  test.each(['x{{ principal.claims.list }}', 'x{{ principal.claims.none }}', 'x{{ principal.claims.org }}'])(
    '%s is no text',
    (template) => {
      const filter = filterOf(`{ NOT: { IN: { fieldPath: "tenant", values: ["${template}"] } } }`);
      expect(filter.for(args, who)({ tenant: 'b' })).toBe(false);
    },
  );
});

test('the same schema is read once, and its author told once', () => {
  const schema = filteredSchema('{ IN: { fieldPath: "nowhere", values: [1] } }');
  const told: string[] = [];
  const one = subscriptionFilters(schema, (coordinate) => told.push(coordinate));
  const other = subscriptionFilters(schema, (coordinate) => told.push(coordinate));
  expect(one('changed')).toBe(other('changed'));
  expect(told).toEqual(['Subscription.changed']);
});

test('what must be known of an event is told once each, in order', () => {
  const filter = filterOf(OF_TENANT, `{ AND: [${NOT_ABROAD}, ${OF_TENANT}] }`);
  expect(filter.paths).toEqual(['buyer.country', 'tenant']);
});
