/**
 * What more than one demo subgraph knows: the keys by which they refer to each other's entities, and the one fact that
 * two of them answer during a progressive move. All of it is computed from the key, so it is the same on every start.
 */

const USER_COUNT = 1_000;
const PRODUCT_COUNT = 1_000;
const GIFT_CARD_COUNT = 12;

const FIRST_NAMES = [
  ['Ada', 'Bruno', 'Chika', 'Dario', 'Elif', 'Farid', 'Greta', 'Hana', 'Ivo', 'Jun'],
  ['Kofi', 'Lena', 'Mateo', 'Nadia', 'Oskar', 'Priya', 'Quinn', 'Rosa', 'Sami', 'Thu'],
].flat();
const LAST_NAMES = [
  ['Abadi', 'Berg', 'Castro', 'Dahl', 'Egan', 'Fischer', 'Gupta', 'Haas', 'Ibarra', 'Jansen', 'Kaya', 'Lund', 'Moreau'],
  ['Novak', 'Okafor', 'Park', 'Quist', 'Rossi', 'Silva', 'Tanaka', 'Ueda', 'Varga', 'Weiss', 'Xu', 'Yilmaz', 'Zamora'],
].flat();

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

const at = (list: readonly string[], index: number): string => list[index % list.length] ?? '';

/** `"1"` to `"1000"`. */
export const userIds: readonly string[] = range(USER_COUNT).map(String);

/** `"1"` to `"1000"`. */
export const productUpcs: readonly string[] = range(PRODUCT_COUNT).map(String);

/** `"gift-1"` to `"gift-12"`. */
export const giftCardUpcs: readonly string[] = range(GIFT_CARD_COUNT).map((number) => `gift-${number}`);

const knownUserIds = new Set(userIds);
const knownProductUpcs = new Set(productUpcs);

export const isUserId = (id: string): boolean => knownUserIds.has(id);
export const isProductUpc = (upc: string): boolean => knownProductUpcs.has(upc);

/** The full name a user signed up with; the username is made of it and stays when the name changes. */
export function signUpName(userId: string): string {
  const number = Number(userId);
  // Every first name meets every last name before a pair comes again.
  return `${at(FIRST_NAMES, number)} ${at(LAST_NAMES, number + Math.floor(number / FIRST_NAMES.length))}`;
}

export function usernameOf(userId: string): string {
  return `${signUpName(userId).toLowerCase().replace(' ', '.')}.${userId}`;
}

/** Working days until a product is at the door, 1 to 7: the fact that products hands over to inventory bit by bit. */
export function deliveryDaysOf(upc: string): number {
  return 1 + ((Number(upc) * 5) % 7);
}

export interface WarehouseKey {
  /** ISO 3166-1 alpha-2 country code. */
  readonly country: string;
  /** Three letters, unique within the country. */
  readonly code: string;
}

export const warehouseKeys: readonly WarehouseKey[] = [
  { country: 'DE', code: 'BER' },
  { country: 'DE', code: 'HAM' },
  { country: 'ES', code: 'MAD' },
  { country: 'FR', code: 'LYS' },
  { country: 'FR', code: 'PAR' },
  { country: 'GB', code: 'LON' },
  { country: 'GB', code: 'MAN' },
  { country: 'IT', code: 'MIL' },
  { country: 'NL', code: 'AMS' },
  { country: 'PL', code: 'WAW' },
  { country: 'US', code: 'LAX' },
  { country: 'US', code: 'NYC' },
];
