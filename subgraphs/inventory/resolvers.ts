import type DataLoader from 'dataloader';
import type { WarehouseKey } from '../facts.ts';
import { deliveryDaysOf, isProductUpc } from '../facts.ts';
import { notFound } from '../server/errors.ts';
import { listSize, requireNumber } from '../server/input.ts';
import type { TellChanged } from '../server/cache-webhook.ts';
import type { Resolvers, SubgraphRequest } from '../server/index.ts';
import { batchLoader } from '../server/loader.ts';
import type { Topics } from '../server/topics.ts';
import type { GiftCardStockRow, InventoryRows, ProductStockRow, WarehouseRow } from './rows.ts';

export interface InventoryContext {
  readonly rows: InventoryRows;
  /** A topic is a upc. */
  readonly stockChanged: Topics<ProductStockRow>;
  readonly changed: TellChanged;
  readonly productByUpc: DataLoader<string, ProductStockRow | undefined>;
  readonly giftCardByUpc: DataLoader<string, GiftCardStockRow | undefined>;
  readonly warehouseByKey: DataLoader<WarehouseKey, WarehouseRow | undefined>;
}

export function createContext(
  rows: InventoryRows,
  stockChanged: Topics<ProductStockRow>,
  { changed }: SubgraphRequest,
): InventoryContext {
  return {
    rows,
    stockChanged,
    changed,
    productByUpc: batchLoader((upcs) => rows.productsByUpc(upcs)),
    giftCardByUpc: batchLoader((upcs) => rows.giftCardsByUpc(upcs)),
    warehouseByKey: batchLoader((keys) => rows.warehousesByKey(keys)),
  };
}

interface First {
  readonly first: number | null;
}

interface SetStock {
  readonly upc: string;
  readonly quantity: number;
}

/** What the gateway hands over of a product: the key, and for `@requires` also what products knows. */
interface ProductReference {
  readonly upc: string;
  readonly price?: number | null;
  readonly weight?: number | null;
}

type Product = ProductStockRow & ProductReference;

/** The length of `lowStock` when a client passes `first: null`; the schema names the same number as the default. */
const LOW_STOCK_LENGTH = 10;
const MAX_STOCK = 1_000_000;
/** In cents. */
const FREE_SHIPPING_FROM = 20_000;
const SHIPPING_BASE = 299;
const SHIPPING_PER_KILOGRAM = 100;

export const resolvers: Resolvers = {
  Query: {
    warehouse: (_, key: WarehouseKey, { warehouseByKey }: InventoryContext) => warehouseByKey.load(key),
    lowStock: (_, { first }: First, { rows }: InventoryContext) => rows.lowStock(listSize(first ?? LOW_STOCK_LENGTH)),
  },
  Mutation: {
    async setStock(_, { upc, quantity }: SetStock, { rows, stockChanged, changed }: InventoryContext) {
      const product = rows.setStock(upc, requireNumber('quantity', quantity, 0, MAX_STOCK));
      if (!product) throw notFound(`product "${upc}"`);
      stockChanged.publish(upc, product);
      await changed({ type: 'Product', key: { upc } });
      return product;
    },
  },
  Subscription: {
    stockChanged: {
      subscribe(_, { upc }: { upc: string }, { stockChanged }: InventoryContext) {
        if (!isProductUpc(upc)) throw notFound(`product "${upc}"`);
        return stockChanged.subscribe(upc);
      },
      resolve: (product: ProductStockRow) => product,
    },
  },
  Product: {
    __resolveReference: async (reference: ProductReference, { productByUpc }: InventoryContext) => {
      const product = await productByUpc.load(reference.upc);
      return product && { ...reference, ...product };
    },
    inStock: ({ stock }: Product) => stock > 0,
    deliveryDays: ({ upc }: Product) => deliveryDaysOf(upc),
    shippingEstimate: ({ price, weight }: Product) => shippingEstimate(price, weight),
    warehouses: ({ keptAt }: Product, _: object, { warehouseByKey }: InventoryContext) =>
      warehouseByKey.loadMany(keptAt),
  },
  GiftCard: {
    __resolveReference: ({ upc }: { upc: string }, { giftCardByUpc }: InventoryContext) => giftCardByUpc.load(upc),
  },
  Warehouse: {
    __resolveReference: (key: WarehouseKey, { warehouseByKey }: InventoryContext) => warehouseByKey.load(key),
    manager: ({ managerUsername }: WarehouseRow) => ({ username: managerUsername }),
  },
};

/** In cents; null as long as products does not say what the product costs and weighs. */
function shippingEstimate(price: number | null | undefined, weight: number | null | undefined): number | null {
  if (price === null || price === undefined || weight === null || weight === undefined) return null;
  if (price >= FREE_SHIPPING_FROM) return 0;
  return SHIPPING_BASE + Math.ceil((weight * SHIPPING_PER_KILOGRAM) / 1_000);
}
