import type DataLoader from 'dataloader';
import { badInput, notFound } from '../server/errors.ts';
import { given, listSize, requireText } from '../server/input.ts';
import type { TellChanged } from '../server/cache-webhook.ts';
import type { Resolvers, SubgraphRequest } from '../server/index.ts';
import { batchLoader } from '../server/loader.ts';
import type { Caller } from '../server/principal.ts';
import type { AccountsRows, UserRow } from './rows.ts';

export interface AccountsContext {
  readonly rows: AccountsRows;
  readonly caller: Caller | undefined;
  readonly changed: TellChanged;
  readonly userById: DataLoader<string, UserRow | undefined>;
  readonly userByUsername: DataLoader<string, UserRow | undefined>;
}

export function createContext(rows: AccountsRows, { caller, changed }: SubgraphRequest): AccountsContext {
  return {
    rows,
    caller,
    changed,
    userById: batchLoader((ids) => rows.usersById(ids)),
    userByUsername: batchLoader((usernames) => rows.usersByUsername(usernames)),
  };
}

interface First {
  readonly first: number | null;
}

interface UpdateUser {
  readonly id: string;
  readonly input: { readonly name?: string | null; readonly email?: string | null };
}

type UserReference = { readonly id: string } | { readonly username: string };

const MAX_NAME_LENGTH = 100;
const MAX_EMAIL_LENGTH = 200;
const EMAIL = /^[^\s@]+@[^\s@]+$/;

export const resolvers: Resolvers = {
  Query: {
    me: (_, __, { caller, userById }: AccountsContext) => (caller?.kind === 'user' ? userById.load(caller.id) : null),
    user: (_, { id }: { id: string }, { userById }: AccountsContext) => userById.load(id),
    users: (_, { first }: First, { rows }: AccountsContext) => rows.users(listSize(first)),
  },
  Mutation: {
    async updateUser(_, { id, input }: UpdateUser, { rows, changed }: AccountsContext) {
      const changes = given(input);
      if (changes.name !== undefined) requireText('input.name', changes.name, MAX_NAME_LENGTH);
      if (changes.email !== undefined) requireEmail(changes.email);
      const user = rows.updateUser(id, changes);
      if (!user) throw notFound(`user "${id}"`);
      await changed({ type: 'User', key: { id } });
      return user;
    },
  },
  User: {
    __resolveReference: (reference: UserReference, { userById, userByUsername }: AccountsContext) =>
      'id' in reference ? userById.load(reference.id) : userByUsername.load(reference.username),
    wishlist: ({ wishlistUpcs }: UserRow, { first }: First) =>
      wishlistUpcs.slice(0, listSize(first)).map((upc) => ({ upc })),
  },
};

function requireEmail(email: string): void {
  requireText('input.email', email, MAX_EMAIL_LENGTH);
  if (!EMAIL.test(email)) throw badInput('input.email: it takes an address such as ada@example.com.');
}
