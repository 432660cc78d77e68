import type DataLoader from 'dataloader';
import { notFound } from '../server/errors.ts';
import { given, listSize, requireNumber, requireText } from '../server/input.ts';
import type { TellChanged } from '../server/cache-webhook.ts';
import type { Resolvers, SubgraphRequest } from '../server/index.ts';
import { batchLoader } from '../server/loader.ts';
import type { BrandRow, GiftCardRow, ProductChanges, ProductRow, ProductsRows, SkuOfBrand } from './rows.ts';

export interface ProductsContext {
  readonly rows: ProductsRows;
  readonly changed: TellChanged;
  readonly productByUpc: DataLoader<string, ProductRow | undefined>;
  readonly productBySku: DataLoader<SkuOfBrand, ProductRow | undefined>;
  readonly productsOfBrand: DataLoader<string, ProductRow[]>;
  readonly giftCardByUpc: DataLoader<string, GiftCardRow | undefined>;
  readonly brandById: DataLoader<string, BrandRow | undefined>;
}

export function createContext(rows: ProductsRows, { changed }: SubgraphRequest): ProductsContext {
  return {
    rows,
    changed,
    productByUpc: batchLoader((upcs) => rows.productsByUpc(upcs)),
    productBySku: batchLoader((keys) => rows.productsBySku(keys)),
    productsOfBrand: batchLoader((brandIds) => rows.productsByBrand(brandIds)),
    giftCardByUpc: batchLoader((upcs) => rows.giftCardsByUpc(upcs)),
    brandById: batchLoader((ids) => rows.brandsById(ids)),
  };
}

interface First {
  readonly first: number | null;
}

interface UpdateProduct {
  readonly upc: string;
  readonly input: { readonly [Field in keyof ProductChanges]: ProductChanges[Field] | null };
}

type ProductReference = { readonly upc: string } | { readonly sku: string; readonly brand: { readonly id: string } };

const MAX_SEARCH_LENGTH = 100;
const MAX_NAME_LENGTH = 200;
const MAX_DESCRIPTION_LENGTH = 2_000;
const MAX_PRICE = 100_000_000;
const MAX_WEIGHT = 1_000_000;

export const resolvers: Resolvers = {
  Query: {
    product: (_, { upc }: { upc: string }, { productByUpc }: ProductsContext) => productByUpc.load(upc),
    products: (_, { first }: First, { rows }: ProductsContext) => rows.products(listSize(first)),
    search: (_, { text, first }: First & { text: string }, { rows }: ProductsContext) =>
      rows.search(requireText('text', text, MAX_SEARCH_LENGTH), listSize(first)),
    featured: (_, { first }: First, { rows }: ProductsContext) => rows.featured(listSize(first)),
  },
  Mutation: {
    async updateProduct(_, { upc, input }: UpdateProduct, { rows, changed }: ProductsContext) {
      const changes = given(input);
      if (changes.name !== undefined) requireText('input.name', changes.name, MAX_NAME_LENGTH);
      if (changes.description !== undefined) {
        requireText('input.description', changes.description, MAX_DESCRIPTION_LENGTH);
      }
      if (changes.price !== undefined) requireNumber('input.price', changes.price, 0, MAX_PRICE);
      if (changes.weight !== undefined) requireNumber('input.weight', changes.weight, 1, MAX_WEIGHT);
      const product = rows.updateProduct(upc, changes);
      if (!product) throw notFound(`product "${upc}"`);
      await changed({ type: 'Product', key: { upc } });
      return product;
    },
  },
  Product: {
    __resolveReference: (reference: ProductReference, { productByUpc, productBySku }: ProductsContext) =>
      'upc' in reference
        ? productByUpc.load(reference.upc)
        : productBySku.load({ sku: reference.sku, brandId: reference.brand.id }),
    brand: ({ brandId }: ProductRow, _: object, { brandById }: ProductsContext) => brandById.load(brandId),
    inStock: () => true,
  },
  GiftCard: {
    __resolveReference: ({ upc }: { upc: string }, { giftCardByUpc }: ProductsContext) => giftCardByUpc.load(upc),
  },
  Brand: {
    __resolveReference: ({ id }: { id: string }, { brandById }: ProductsContext) => brandById.load(id),
    products: async ({ id }: BrandRow, { first }: First, { productsOfBrand }: ProductsContext) => {
      const size = listSize(first);
      return (await productsOfBrand.load(id)).slice(0, size);
    },
  },
};
