import { buildSchema, type GraphQLSchema } from 'graphql';

/** As IBM's specification defines them; composition writes the weight as an Int. */
export const DIRECTIVES = `
  directive @cost(weight: String!)
    on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR
  directive @listSize(
    assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true
  ) on FIELD_DEFINITION
`;

export function schemaOf(sdl: string): GraphQLSchema {
  return buildSchema(`${DIRECTIVES} ${sdl}`, { assumeValidSDL: true });
}

/** Nothing has a weight or a size. */
export const PLAIN = schemaOf(`
  type Query { me: User users: [User] matrix: [[User]] cube: [[[Int]]] node: Node search: [Result!]! color: Color self: Query }
  type Mutation { rename(name: String): User touch: Int all: [User!]! }
  type Subscription { renamed: User }
  interface Node { id: ID! owner: User }
  type User implements Node { id: ID! name: String best: User friends: [User!]! owner: User }
  type Post implements Node { id: ID! title: String author: User owner: User }
  union Result = User | Post
  enum Color { RED }
`);

export const WEIGHTS = schemaOf(`
  type Query @cost(weight: "100") {
    five: Int @cost(weight: "5")
    big: Big
    bigs: [Big] @listSize(assumedSize: 3)
    choice: Choice
    heavy: Heavy
    heavies: [Heavy] @listSize(assumedSize: 4)
    half: [Half!] @listSize(assumedSize: 4)
    light: Light @cost(weight: "5")
    lights: [Light] @cost(weight: "5") @listSize(assumedSize: 4)
    asked(x: Int @cost(weight: "2"), list: [Int] @cost(weight: "3"), free: Int): Int @cost(weight: "1")
    approximate(as: Int @cost(weight: "-3")): Light @cost(weight: "5")
    rebate(as: Int @cost(weight: "-30")): Light @cost(weight: "5")
    negative: Int @cost(weight: "-5")
    gift: Gift
    integer: Int @cost(weight: 7)
    nonsense: Int @cost(weight: "much")
    blank: Blank
  }
  scalar Big @cost(weight: "3")
  enum Choice @cost(weight: "2") { A B }
  type Heavy @cost(weight: "10") { id: ID light: Light }
  type Blank @cost(weight: "") { id: ID }
  type Half @cost(weight: "0.5") { id: ID }
  type Light { id: ID slow: Int @cost(weight: "2") }
  type Gift @cost(weight: "-4") { id: ID light: Light }
`);

export const LISTS = schemaOf(`
  type Query {
    top: [Item] @listSize(assumedSize: 5)
    sliced(first: Int): [Item] @listSize(slicingArguments: ["first"])
    paged(first: Int = 7): [Item] @listSize(slicingArguments: ["first"])
    both(first: Int, last: Int): [Item] @listSize(slicingArguments: ["first", "last"], requireOneSlicingArgument: false)
    back(first: Int): [Item] @listSize(assumedSize: 6, slicingArguments: ["first"], requireOneSlicingArgument: false)
    window(first: Int = 5, last: Int): [Item] @listSize(slicingArguments: ["first", "last"])
    byIds(ids: [ID!]!): [Item] @listSize(slicingArguments: ["ids"])
    search(input: Search): [Item] @listSize(slicingArguments: ["input.page.first"])
    grid(first: Int): [[Item]!]! @listSize(slicingArguments: ["first"])
    connection(first: Int, last: Int): Connection @listSize(slicingArguments: ["first", "last"], sizedFields: ["edges"])
    connections(first: Int): [Connection] @listSize(slicingArguments: ["first"], sizedFields: ["edges"])
    dotted(first: Int): Deep @listSize(slicingArguments: ["first"], sizedFields: ["inner.edges"])
    selected(first: Int): Deep @listSize(slicingArguments: ["first"], sizedFields: ["inner { edges nodes }"])
    assumed: Connection @listSize(assumedSize: 2, sizedFields: ["edges", "nodes"])
  }
  input Search { page: Page = { first: 4 } text: String }
  input Page { first: Int = 3 after: ID }
  type Item { id: ID sub: Item subs: [Item] tags(first: Int!): [Item] @listSize(slicingArguments: ["first"]) }
  type Connection { edges: [Edge] nodes: [Item] @listSize(assumedSize: 50) total: Int }
  type Edge { node: Item }
  type Deep { inner: Connection other: Connection }
`);

export const INPUTS = schemaOf(`
  type Query {
    find(
      filter: Filter
      filters: [Filter!]
      weighed: Filter @cost(weight: "15")
      each: [Filter] @cost(weight: "2")
      json: Json
    ): Int
  }
  input Filter {
    text: String
    size: Int @cost(weight: "3")
    sizes: [Int] @cost(weight: "2")
    approximate: Boolean @cost(weight: "-12")
    and: [Filter!]
    nested: Filter @cost(weight: "4")
  }
  scalar Json
`);

export const ABSTRACT = schemaOf(`
  type Query { thing: Thing things: [Thing!]! @listSize(assumedSize: 3) either: Either tagged: Tagged even: Even }
  interface Thing { id: ID price: Int parts(first: Int): [Part] @listSize(slicingArguments: ["first"]) }
  interface Tagged { tag(x: Int @cost(weight: "2")): Int @cost(weight: "3") }
  type Cheap implements Thing & Tagged {
    id: ID price: Int @cost(weight: "1") parts(first: Int): [Part] tag(x: Int): Int
  }
  type Dear implements Thing @cost(weight: "9") {
    id: ID price: Int @cost(weight: "6") parts(first: Int): [Part] @listSize(assumedSize: 20)
  }
  union Either = Cheap | Dear
  interface Even { worth: Int with(x: Int): Int many(first: Int): [Part] }
  type Alike implements Even { worth: Int @cost(weight: "1") with(x: Int @cost(weight: "1")): Int many(first: Int = 2): [Part] @listSize(slicingArguments: ["first"]) }
  type Better implements Even {
    worth: Int @cost(weight: "5") with(x: Int @cost(weight: "3")): Int
    many(first: Int = 30): [Part] @listSize(slicingArguments: ["first"])
  }
  type Part { id: ID }
`);

/** The examples of IBM's specification, sections 3, 5.3.2.2 and 8. */
export const IBM = schemaOf(`
  input Filter { approx: Boolean @cost(weight: "-12.0") }
  type User { name: String age: Int @cost(weight: "2.0") }
  type Product { id: ID }
  type Query {
    users(max: Int): [User] @listSize(slicingArguments: ["max"])
    topProducts(filter: Filter @cost(weight: "15.0")): [String] @cost(weight: "5.0") @listSize(assumedSize: 10)
    mostPopularProduct(approx: Int @cost(weight: "-3.0")): Product @cost(weight: "5.0")
    films(first: Int, after: ID, last: Int, before: ID): FilmConnection
      @listSize(slicingArguments: ["first", "last"], sizedFields: ["edges"])
  }
  type FilmConnection { edges: [FilmEdge] pageInfo: PageInfo }
  type FilmEdge { cursor: ID node: Film }
  type Film { title: String }
  type PageInfo { hasNextPage: Boolean }
`);

/** What Apollo Router documents ("Demand control") and tests itself with. */
export const APOLLO = schemaOf(`
  type Query {
    book(id: ID): Book
    fieldWithCost: Int @cost(weight: "5")
    argWithCost(arg: Int @cost(weight: "10")): Int
    enumWithCost: AorB
    inputWithCost(someInput: InputTypeWithCost): Int
    scalarWithCost: ExpensiveInt
    objectWithCost: ExpensiveObject
    fieldWithListSize: [String!] @listSize(assumedSize: 2000, requireOneSlicingArgument: false)
    fieldWithDynamicListSize(first: Int = 10): SizedField @listSize(slicingArguments: ["first"], sizedFields: ["items"])
  }
  type Book { title: String author: Author publisher: Publisher }
  type Author { name: String }
  type Publisher { name: String address: Address }
  type Address @cost(weight: "5") { zipCode: Int! }
  enum AorB @cost(weight: "15") { A B }
  scalar ExpensiveInt @cost(weight: "30")
  type ExpensiveObject @cost(weight: "40") { id: ID }
  input InputTypeWithCost { somethingWithCost: Int @cost(weight: "20") }
  type SizedField { items: [A] }
  type A { id: ID }
`);
