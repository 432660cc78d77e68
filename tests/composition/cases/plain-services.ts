import { federated } from '../../harness/subgraph.ts';
import type { FederationCase } from './federation-case.ts';
import type { Service } from './in-process.ts';

const SDL = `
  type Query { post(id: ID!, in: Lang = EN): Post posts(filter: PostFilter, sort: Sort): [Post!]! node(id: ID!): Node search: [Hit!]! now: Date internalStats: Int }
  type Mutation { addPost(input: NewPost!): Post! dropAll: Boolean }
  interface Node { id: ID! }
  type Post implements Node { id: ID! title(upper: Boolean = false): String lang: Lang author: Author related: [Post!]! secret: String }
  type Author implements Node { id: ID! name: String posts(filter: PostFilter): [Post!]! taxId: String }
  union Hit = Post | Author
  enum Lang { EN DE }
  enum Sort { TITLE ID }
  input PostFilter { lang: Lang = DE text: String and: [PostFilter!] }
  input NewPost { title: String! lang: Lang authorId: ID }
  scalar Date
`;

const title =
  (text: string) =>
  ({ upper }: { upper: boolean }) =>
    upper ? text.toUpperCase() : text;
const author = {
  __typename: 'Author',
  id: 'a',
  name: 'Ada',
  posts: ({ filter }: { filter?: unknown }) => [
    { __typename: 'Post', id: 'x', title: JSON.stringify(filter ?? null), lang: 'DE', related: [] },
  ],
};
const post = {
  __typename: 'Post',
  id: '1',
  title: title('One'),
  lang: 'DE',
  author,
  related: [{ __typename: 'Post', id: '2', title: title('Two'), lang: 'EN', author: null, related: [] }],
};

const root: Service['root'] = {
  post: (args: { id: string; in: string }) => ({ ...post, id: args.id, lang: args.in }),
  posts: (args: unknown) => [{ ...post, title: JSON.stringify(args) }],
  node: author,
  search: [post, author],
  now: '2020',
  addPost: ({ input }: { input: { title: string; lang: string } }) => ({ ...post, ...input }),
};

const OTHER: Service = {
  sdl: federated('type Query { other: Int post: String } type Post @key(fields: "id") { id: ID! stars: Int }'),
  root: { other: 1, post: 'of the other' },
};

/** Services that know nothing of federation: transformed, composed, and operations translated back for them. */
export const PLAIN_SERVICE_CASES: readonly FederationCase[] = [
  {
    name: 'as it is, beside a federation subgraph',
    services: {
      blog: { sdl: SDL, root, plain: [] },
      other: { sdl: federated('type Query { other: Int }'), root: { other: 1 } },
    },
    asks: [
      {
        query: `query ($id: ID!) { other p: post(id: $id, in: DE) { __typename t: title(upper: true) lang author { name posts(filter: { text: "q" }) { title } } ...R }
          search { __typename ... on Post { id } ... on Author { name } } now node(id: "a") { id ... on Author { name } } }
          fragment R on Post { related { id title } }`,
        variables: { id: '7' },
        data: {
          other: 1,
          p: {
            __typename: 'Post',
            t: 'ONE',
            lang: 'DE',
            author: { name: 'Ada', posts: [{ title: '{"lang":"DE","text":"q"}' }] },
            related: [{ id: '2', title: 'Two' }],
          },
          search: [
            { __typename: 'Post', id: '1' },
            { __typename: 'Author', name: 'Ada' },
          ],
          now: '2020',
          node: { id: 'a', name: 'Ada' },
        },
      },
      {
        query: 'mutation ($input: NewPost!) { addPost(input: $input) { id title } }',
        variables: { input: { title: 'New', lang: 'EN' } },
        data: { addPost: { id: '1', title: 'New' } },
      },
    ],
  },
  {
    name: 'a prefix for types and root fields',
    services: {
      blog: { sdl: SDL, root, plain: [{ prefix: { value: 'Blog_', includeRootOperations: true } }] },
      other: OTHER,
    },
    asks: [
      {
        query: `query ($filter: Blog_PostFilter, $id: ID!) { post other
          p: Blog_post(id: $id, in: DE) { __typename t: title(upper: true) lang author { __typename name posts(filter: $filter) { title } } ...R }
          Blog_posts(filter: $filter, sort: TITLE) { title }
          Blog_search { __typename ... on Blog_Post { id } ... on Blog_Author { name } } Blog_now
          Blog_node(id: "a") { __typename id ... on Blog_Author { name } } }
          fragment R on Blog_Post { related { id title lang } }`,
        variables: { id: '7', filter: { lang: 'EN', and: [{ text: 'a' }] } },
        data: {
          post: 'of the other',
          other: 1,
          p: {
            __typename: 'Blog_Post',
            t: 'ONE',
            lang: 'DE',
            author: {
              __typename: 'Blog_Author',
              name: 'Ada',
              posts: [{ title: '{"lang":"EN","and":[{"lang":"DE","text":"a"}]}' }],
            },
            related: [{ id: '2', title: 'Two', lang: 'EN' }],
          },
          Blog_posts: [{ title: '{"filter":{"lang":"EN","and":[{"lang":"DE","text":"a"}]},"sort":"TITLE"}' }],
          Blog_search: [
            { __typename: 'Blog_Post', id: '1' },
            { __typename: 'Blog_Author', name: 'Ada' },
          ],
          Blog_now: '2020',
          Blog_node: { __typename: 'Blog_Author', id: 'a', name: 'Ada' },
        },
      },
      {
        query: 'mutation ($input: Blog_NewPost!) { x: Blog_addPost(input: $input) { title lang } }',
        variables: { input: { title: 'New', lang: 'EN' } },
        data: { x: { title: 'New', lang: 'EN' } },
      },
    ],
    says: ['Blog_post(id: ID!, in: Blog_Lang = EN): Blog_Post', 'union Blog_Hit = Blog_Post | Blog_Author'],
    hides: ['@source', 'TransportOptions', '@transport', '@merge'],
  },
  {
    name: 'a prefix for types only',
    services: {
      blog: { sdl: SDL, root, plain: [{ prefix: { value: 'B' } }] },
      other: { sdl: federated('type Query { other: Int }') },
    },
    asks: [
      {
        query: '{ post(id: "1") { __typename author { __typename } } posts(filter: { lang: EN }) { title } }',
        data: {
          post: { __typename: 'BPost', author: { __typename: 'BAuthor' } },
          posts: [{ title: '{"filter":{"lang":"EN"}}' }],
        },
      },
    ],
  },
  {
    name: 'renamed types and fields, nested ones too',
    services: {
      blog: {
        sdl: SDL,
        root,
        plain: [
          { rename: { from: { type: 'Post' }, to: { type: 'Article' } } },
          { rename: { from: { type: 'Lang' }, to: { type: 'Language' } } },
          { rename: { from: { type: 'PostFilter' }, to: { type: 'ArticleFilter' } } },
          { rename: { from: { type: 'Query', field: 'post' }, to: { type: 'Query', field: 'article' } } },
          { rename: { from: { type: 'Author', field: 'name' }, to: { type: 'Author', field: 'fullName' } } },
          { rename: { from: { type: 'Mutation', field: 'addPost' }, to: { type: 'Mutation', field: 'addArticle' } } },
        ],
      },
      other: OTHER,
    },
    asks: [
      {
        query: `query ($filter: ArticleFilter, $lang: Language) { post a: article(id: "1", in: $lang) { __typename id lang author { fullName n: fullName posts(filter: $filter) { __typename title } } ... on Node { id } }
          search { ...H } }
          fragment H on Hit { __typename ... on Article { related { title } } ... on Author { fullName } }`,
        variables: { filter: { text: 'q' }, lang: 'EN' },
        data: {
          post: 'of the other',
          a: {
            __typename: 'Article',
            id: '1',
            lang: 'EN',
            author: {
              fullName: 'Ada',
              n: 'Ada',
              posts: [{ __typename: 'Article', title: '{"lang":"DE","text":"q"}' }],
            },
          },
          search: [
            { __typename: 'Article', related: [{ title: 'Two' }] },
            { __typename: 'Author', fullName: 'Ada' },
          ],
        },
      },
      {
        query: 'mutation { addArticle(input: { title: "N" }) { __typename title } }',
        data: { addArticle: { __typename: 'Article', title: 'N' } },
      },
    ],
    hides: ['type Author implements Node { id: ID! name', 'PostFilter ', 'addPost', '@source'],
  },
  {
    name: 'filtered: what is left out cannot be asked for',
    services: {
      blog: {
        sdl: SDL,
        root,
        plain: [
          { filter: ['Query.!internal*', 'Post.!secret', 'Author.!{taxId, posts}', 'Mutation.!dropAll', '!Sort'] },
        ],
      },
      other: { sdl: federated('type Query { other: Int }') },
    },
    asks: [
      {
        query: '{ post(id: "1") { id author { name } } posts { id } }',
        data: { post: { id: '1', author: { name: 'Ada' } }, posts: [{ id: '1' }] },
      },
    ],
    hides: ['internalStats', 'secret', 'taxId', 'dropAll', 'enum Sort', 'sort:'],
  },
  {
    name: 'two services with the same types, told apart by a prefix, filtered and renamed',
    services: {
      one: {
        sdl: SDL,
        root,
        plain: [
          { filter: ['Query.{post, posts}', 'Post.!secret'] },
          { prefix: { value: 'One', includeRootOperations: true } },
          { rename: { from: { type: 'OnePost' }, to: { type: 'First' } } },
        ],
      },
      two: {
        sdl: 'type Query { post: Post } type Post { id: ID! by: String }',
        root: { post: { id: '2', by: 'two' } },
        plain: [{ prefix: { value: 'Two', includeRootOperations: true } }],
      },
    },
    asks: [
      {
        query: '{ Onepost(id: "1") { __typename author { name } } Twopost { __typename by } }',
        data: {
          Onepost: { __typename: 'First', author: { name: 'Ada' } },
          Twopost: { __typename: 'TwoPost', by: 'two' },
        },
      },
    ],
  },
];
