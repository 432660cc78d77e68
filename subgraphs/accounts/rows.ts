import type { WarehouseKey } from '../facts.ts';
import { productUpcs, signUpName, userIds, usernameOf, warehouseKeys } from '../facts.ts';
import { seededRandom } from '../server/random.ts';

export interface Address {
  readonly street: string;
  readonly postalCode: string;
  readonly city: string;
  readonly country: string;
}

export interface UserRow {
  readonly __typename: 'User';
  readonly id: string;
  readonly username: string;
  readonly name: string;
  readonly email: string;
  readonly address: Address;
  readonly taxId: string;
  /** YYYY-MM-DD */
  readonly memberSince: string;
  readonly pickupPoint: WarehouseKey;
  readonly wishlistUpcs: readonly string[];
}

/** The users' table, in memory: what was changed is gone with the process. */
export interface AccountsRows {
  /** One batch read; undefined where there is no such user. */
  usersById(ids: readonly string[]): (UserRow | undefined)[];
  usersByUsername(usernames: readonly string[]): (UserRow | undefined)[];
  users(first: number): UserRow[];
  updateUser(id: string, changes: Partial<Pick<UserRow, 'name' | 'email'>>): UserRow | undefined;
}

const SEED = 4101;
const FIRST_SIGN_UP = Date.UTC(2019, 0, 1);
const DAY = 86_400_000;
const MAX_WISHES = 5;

const STREETS = ['Mill Lane', 'Harbour Street', 'Station Road', 'Orchard Way', 'Bridge Street', 'Market Square'];
const TOWNS = [
  { city: 'Ghent', country: 'BE' },
  { city: 'Leipzig', country: 'DE' },
  { city: 'Seville', country: 'ES' },
  { city: 'Nantes', country: 'FR' },
  { city: 'Leeds', country: 'GB' },
  { city: 'Turin', country: 'IT' },
  { city: 'Gdansk', country: 'PL' },
  { city: 'Portland', country: 'US' },
];

export function createRows(): AccountsRows {
  const byId = new Map(seedUsers().map((user) => [user.id, user]));
  const idByUsername = new Map(Array.from(byId.values(), ({ id, username }) => [username, id]));

  return {
    usersById: (ids) => ids.map((id) => byId.get(id)),
    usersByUsername: (usernames) => usernames.map((username) => byId.get(idByUsername.get(username) ?? '')),
    users: (first) => [...byId.values()].slice(0, first),
    updateUser(id, changes) {
      const user = byId.get(id);
      if (!user) return undefined;
      const updated = { ...user, ...changes };
      byId.set(id, updated);
      return updated;
    },
  };
}

function seedUsers(): UserRow[] {
  const random = seededRandom(SEED);
  return userIds.map((id, index) => {
    const username = usernameOf(id);
    return {
      __typename: 'User',
      id,
      username,
      name: signUpName(id),
      email: `${username}@example.com`,
      address: {
        street: `${random.integer(1, 180)} ${random.pick(STREETS)}`,
        postalCode: String(random.integer(10_000, 99_999)),
        ...random.pick(TOWNS),
      },
      taxId: `T-${random.integer(10_000_000, 99_999_999)}`,
      memberSince: new Date(FIRST_SIGN_UP + index * 2 * DAY).toISOString().slice(0, 10),
      pickupPoint: random.pick(warehouseKeys),
      wishlistUpcs: [...new Set(Array.from({ length: random.integer(1, MAX_WISHES) }, () => random.pick(productUpcs)))],
    };
  });
}
