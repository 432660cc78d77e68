import type DataLoader from 'dataloader';
import { isProductUpc, isUserId, usernameOf } from '../facts.ts';
import { notFound } from '../server/errors.ts';
import { listSize, requireNumber, requireText } from '../server/input.ts';
import type { TellChanged } from '../server/cache-webhook.ts';
import type { Resolvers, SubgraphRequest } from '../server/index.ts';
import { batchLoader } from '../server/loader.ts';
import type { Topics } from '../server/topics.ts';
import type { ReviewRow, ReviewsRows } from './rows.ts';
import { averageRating } from './rows.ts';

export interface ReviewsContext {
  readonly rows: ReviewsRows;
  /** A topic is a upc. */
  readonly reviewAdded: Topics<ReviewRow>;
  readonly changed: TellChanged;
  readonly reviewById: DataLoader<string, ReviewRow | undefined>;
  readonly reviewsOfProduct: DataLoader<string, readonly ReviewRow[]>;
  readonly reviewsByAuthor: DataLoader<string, readonly ReviewRow[]>;
}

export function createContext(
  rows: ReviewsRows,
  reviewAdded: Topics<ReviewRow>,
  { changed }: SubgraphRequest,
): ReviewsContext {
  return {
    rows,
    reviewAdded,
    changed,
    reviewById: batchLoader((ids) => rows.reviewsById(ids)),
    reviewsOfProduct: batchLoader((upcs) => rows.reviewsByProduct(upcs)),
    reviewsByAuthor: batchLoader((userIds) => rows.reviewsByAuthor(userIds)),
  };
}

interface First {
  readonly first: number | null;
}

interface CreateReview {
  readonly input: {
    readonly upc: string;
    readonly authorId: string;
    readonly rating: number;
    readonly body: string;
  };
}

interface ProductStub {
  readonly upc: string;
}

interface UserStub {
  readonly id: string;
}

const MAX_RATING = 5;
const MAX_BODY_LENGTH = 2_000;

export const resolvers: Resolvers = {
  Query: {
    review: (_, { id }: { id: string }, { reviewById }: ReviewsContext) => reviewById.load(id),
    latestReviews: (_, { first }: First, { rows }: ReviewsContext) => rows.latestReviews(listSize(first)),
    topProducts: (_, { first }: First, { rows }: ReviewsContext) =>
      rows.topProducts(listSize(first)).map((upc) => ({ upc })),
  },
  Mutation: {
    async createReview(_, { input }: CreateReview, { rows, reviewAdded, changed }: ReviewsContext) {
      const { upc, authorId, rating, body } = input;
      if (!isProductUpc(upc)) throw notFound(`product "${upc}"`);
      if (!isUserId(authorId)) throw notFound(`user "${authorId}"`);
      const review = rows.createReview({
        authorId,
        subject: { __typename: 'Product', upc },
        rating: requireNumber('input.rating', rating, 1, MAX_RATING),
        body: requireText('input.body', body, MAX_BODY_LENGTH),
        createdAt: new Date().toISOString(),
      });
      reviewAdded.publish(upc, review);
      // Both have a list of their reviews. The lists of all reviews have no key: they run out by themselves.
      await changed({ type: 'Product', key: { upc } }, { type: 'User', key: { id: authorId } });
      return review;
    },
  },
  Subscription: {
    reviewAdded: {
      subscribe(_, { upc }: { upc: string }, { reviewAdded }: ReviewsContext) {
        if (!isProductUpc(upc)) throw notFound(`product "${upc}"`);
        return reviewAdded.subscribe(upc);
      },
      resolve: (review: ReviewRow) => review,
    },
  },
  Review: {
    __resolveReference: ({ id }: { id: string }, { reviewById }: ReviewsContext) => reviewById.load(id),
    author: ({ authorId }: ReviewRow) => ({ id: authorId, username: usernameOf(authorId) }),
    product: ({ subject }: ReviewRow) => (subject.__typename === 'Product' ? subject : null),
  },
  Product: {
    __resolveReference: ({ upc }: ProductStub) => (isProductUpc(upc) ? { upc } : null),
    reviews: async ({ upc }: ProductStub, { first }: First, { reviewsOfProduct }: ReviewsContext) => {
      const size = listSize(first);
      return (await reviewsOfProduct.load(upc)).slice(0, size);
    },
    averageRating: async ({ upc }: ProductStub, _: object, { reviewsOfProduct }: ReviewsContext) =>
      averageRating(await reviewsOfProduct.load(upc)),
  },
  User: {
    __resolveReference: ({ id }: UserStub) => (isUserId(id) ? { id } : null),
    reviews: async ({ id }: UserStub, { first }: First, { reviewsByAuthor }: ReviewsContext) => {
      const size = listSize(first);
      return (await reviewsByAuthor.load(id)).slice(0, size);
    },
  },
};
