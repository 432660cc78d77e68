import { productUpcs, userIds } from '../facts.ts';
import type { Random } from '../server/random.ts';
import { seededRandom } from '../server/random.ts';

/** What a review is about. */
export type Subject =
  | { readonly __typename: 'Product'; readonly upc: string }
  | { readonly __typename: 'User'; readonly id: string };

export interface NewReview {
  readonly authorId: string;
  readonly subject: Subject;
  /** 1 to 5 */
  readonly rating: number;
  readonly body: string;
  /** ISO 8601, in UTC */
  readonly createdAt: string;
}

export interface ReviewRow extends NewReview {
  readonly __typename: 'Review';
  readonly id: string;
}

/** The reviews' table, in memory: what was added is gone with the process. */
export interface ReviewsRows {
  /** One batch read; undefined where there is no such review. */
  reviewsById(ids: readonly string[]): (ReviewRow | undefined)[];
  /** All reviews of each product, the newest first. */
  reviewsByProduct(upcs: readonly string[]): (readonly ReviewRow[])[];
  /** All reviews each user has written, the newest first. */
  reviewsByAuthor(userIds: readonly string[]): (readonly ReviewRow[])[];
  latestReviews(first: number): ReviewRow[];
  /** Upcs, the best average rating first, then the larger number of reviews, then the smaller upc. */
  topProducts(first: number): string[];
  /** Adds a review; when the table is full, the oldest added one makes room. */
  createReview(review: NewReview): ReviewRow;
}

export const SEED_REVIEW_COUNT = 3_000;
export const MAX_REVIEWS = 10_000;

const SEED = 4104;
const FIRST_REVIEW = Date.UTC(2025, 0, 1);
const TWO_HOURS = 7_200_000;
/** Every so many reviews one is about a user who sells. */
const ABOUT_A_USER_EVERY = 20;
const MAX_RATING = 5;

const VERDICTS = [
  ['Broke within a week.', 'Nothing like the picture.'],
  ['Not what I hoped for.', 'It does the job, barely.'],
  ['Fine for the price.', 'Neither good nor bad.'],
  ['Good, with small flaws.', 'Does what it promises.'],
  ['I would take it again.', 'Better than I expected.'],
];
const REMARKS = [
  'It came on time.',
  'The box was dented.',
  'A present for my sister.',
  'My second one.',
  'Well packed.',
];

export function createRows(): ReviewsRows {
  const random = seededRandom(SEED);
  const reviews = new Map<string, ReviewRow>();
  const byProduct = new Map<string, readonly ReviewRow[]>();
  const byAuthor = new Map<string, readonly ReviewRow[]>();
  let lastId = 0;

  const add = (review: NewReview): ReviewRow => {
    lastId += 1;
    const row: ReviewRow = { __typename: 'Review', id: String(lastId), ...review };
    reviews.set(row.id, row);
    changeLists(row, (list) => [row, ...list]);
    return row;
  };

  const remove = (row: ReviewRow): void => {
    reviews.delete(row.id);
    changeLists(row, (list) => list.filter((other) => other !== row));
  };

  const changeLists = (row: ReviewRow, change: (list: readonly ReviewRow[]) => readonly ReviewRow[]): void => {
    byAuthor.set(row.authorId, change(byAuthor.get(row.authorId) ?? []));
    if (row.subject.__typename === 'Product')
      byProduct.set(row.subject.upc, change(byProduct.get(row.subject.upc) ?? []));
  };

  for (let index = 0; index < SEED_REVIEW_COUNT; index += 1) add(seedReview(index, random));

  return {
    reviewsById: (ids) => ids.map((id) => reviews.get(id)),
    reviewsByProduct: (upcs) => upcs.map((upc) => byProduct.get(upc) ?? []),
    reviewsByAuthor: (authorIds) => authorIds.map((id) => byAuthor.get(id) ?? []),
    latestReviews: (first) => [...reviews.values()].toReversed().slice(0, first),
    topProducts: (first) =>
      Array.from(byProduct, ([upc, list]) => ({ upc, count: list.length, average: averageRating(list) ?? 0 }))
        .toSorted(
          (one, other) => other.average - one.average || other.count - one.count || Number(one.upc) - Number(other.upc),
        )
        .slice(0, first)
        .map(({ upc }) => upc),
    createReview(review) {
      if (reviews.size >= MAX_REVIEWS) {
        // Ids are given in turn and the seed's stay, so the added ones that are left follow each other up to the last.
        const oldest = reviews.get(String(lastId - (MAX_REVIEWS - SEED_REVIEW_COUNT) + 1));
        if (oldest) remove(oldest);
      }
      return add(review);
    },
  };
}

/** Rounded to two decimals; null without a review. */
export function averageRating(reviews: readonly ReviewRow[]): number | null {
  if (reviews.length === 0) return null;
  const sum = reviews.reduce((total, { rating }) => total + rating, 0);
  return Math.round((sum / reviews.length) * 100) / 100;
}

function seedReview(index: number, random: Random): NewReview {
  const rating = random.integer(1, MAX_RATING);
  return {
    authorId: random.pick(userIds),
    subject:
      index % ABOUT_A_USER_EVERY === 0
        ? { __typename: 'User', id: random.pick(userIds) }
        : { __typename: 'Product', upc: random.pick(productUpcs) },
    rating,
    body: `${random.pick(VERDICTS[rating - 1] ?? [''])} ${random.pick(REMARKS)}`,
    createdAt: new Date(FIRST_REVIEW + index * TWO_HOURS).toISOString(),
  };
}
