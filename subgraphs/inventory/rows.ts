import type { WarehouseKey } from '../facts.ts';
import { giftCardUpcs, productUpcs, usernameOf, warehouseKeys } from '../facts.ts';
import type { Random } from '../server/random.ts';
import { seededRandom } from '../server/random.ts';

export interface ProductStockRow {
  readonly __typename: 'Product';
  readonly upc: string;
  readonly stock: number;
  readonly keptAt: readonly WarehouseKey[];
}

export interface GiftCardStockRow {
  readonly __typename: 'GiftCard';
  readonly upc: string;
  readonly stock: number;
}

export interface WarehouseRow extends WarehouseKey {
  readonly __typename: 'Warehouse';
  readonly address: {
    readonly street: string;
    readonly postalCode: string;
    readonly city: string;
    readonly country: string;
  };
  readonly capacity: number;
  readonly managerUsername: string;
}

/** The counts and the warehouses, in memory: what was changed is gone with the process. */
export interface InventoryRows {
  /** One batch read; undefined where there is no such product. So do the other batch reads. */
  productsByUpc(upcs: readonly string[]): (ProductStockRow | undefined)[];
  giftCardsByUpc(upcs: readonly string[]): (GiftCardStockRow | undefined)[];
  warehousesByKey(keys: readonly WarehouseKey[]): (WarehouseRow | undefined)[];
  /** The smallest stock first, and by upc where the stock is the same. */
  lowStock(first: number): (ProductStockRow | GiftCardStockRow)[];
  setStock(upc: string, stock: number): ProductStockRow | undefined;
}

const SEED = 4103;
/** Every so many products one is sold out. */
const SOLD_OUT_EVERY = 250;
const MAX_WAREHOUSES_OF_A_PRODUCT = 3;
const ROADS = ['Canal Road', 'Depot Street', 'Freight Avenue', 'Quay Street'];
const CITIES = new Map([
  ['AMS', 'Amsterdam'],
  ['BER', 'Berlin'],
  ['HAM', 'Hamburg'],
  ['LAX', 'Los Angeles'],
  ['LON', 'London'],
  ['LYS', 'Lyon'],
  ['MAD', 'Madrid'],
  ['MAN', 'Manchester'],
  ['MIL', 'Milan'],
  ['NYC', 'New York'],
  ['PAR', 'Paris'],
  ['WAW', 'Warsaw'],
]);

const upcOrder = new Intl.Collator('en', { numeric: true });

export function createRows(): InventoryRows {
  const random = seededRandom(SEED);
  const warehouses = new Map(
    warehouseKeys.map((key, index) => [warehouseName(key), seedWarehouse(key, index, random)]),
  );
  const products = new Map(productUpcs.map((upc) => [upc, seedProduct(upc, random)]));
  const giftCards = new Map(giftCardUpcs.map((upc) => [upc, seedGiftCard(upc, random)]));

  return {
    productsByUpc: (upcs) => upcs.map((upc) => products.get(upc)),
    giftCardsByUpc: (upcs) => upcs.map((upc) => giftCards.get(upc)),
    warehousesByKey: (keys) => keys.map((key) => warehouses.get(warehouseName(key))),
    lowStock: (first) =>
      [...products.values(), ...giftCards.values()]
        .toSorted((one, other) => one.stock - other.stock || upcOrder.compare(one.upc, other.upc))
        .slice(0, first),
    setStock(upc, stock) {
      const product = products.get(upc);
      if (!product) return undefined;
      const counted = { ...product, stock };
      products.set(upc, counted);
      return counted;
    },
  };
}

const warehouseName = ({ country, code }: WarehouseKey): string => `${country} ${code}`;

function seedWarehouse(key: WarehouseKey, index: number, random: Random): WarehouseRow {
  return {
    __typename: 'Warehouse',
    ...key,
    address: {
      street: `${random.integer(1, 90)} ${random.pick(ROADS)}`,
      postalCode: String(random.integer(10_000, 99_999)),
      city: CITIES.get(key.code) ?? key.code,
      country: key.country,
    },
    capacity: random.integer(20, 90) * 1_000,
    managerUsername: usernameOf(String(1 + index * 50)),
  };
}

function seedProduct(upc: string, random: Random): ProductStockRow {
  const start = random.integer(0, warehouseKeys.length - 1);
  const count = random.integer(1, MAX_WAREHOUSES_OF_A_PRODUCT);
  return {
    __typename: 'Product',
    upc,
    stock: Number(upc) % SOLD_OUT_EVERY === 0 ? 0 : random.integer(3, 2_000),
    keptAt: [...warehouseKeys, ...warehouseKeys].slice(start, start + count),
  };
}

function seedGiftCard(upc: string, random: Random): GiftCardStockRow {
  return { __typename: 'GiftCard', upc, stock: random.integer(1, 9) };
}
