import { deliveryDaysOf, giftCardUpcs, productUpcs } from '../facts.ts';
import type { Random } from '../server/random.ts';
import { seededRandom } from '../server/random.ts';

export interface ProductRow {
  readonly __typename: 'Product';
  readonly upc: string;
  readonly sku: string;
  readonly brandId: string;
  readonly name: string;
  readonly description: string;
  /** cents */
  readonly price: number;
  /** grams */
  readonly weight: number;
  /** cents */
  readonly costPrice: number;
  readonly deliveryDays: number;
}

export interface GiftCardRow {
  readonly __typename: 'GiftCard';
  readonly upc: string;
  readonly name: string;
  /** cents */
  readonly price: number;
  readonly validMonths: number;
}

export interface BrandRow {
  readonly __typename: 'Brand';
  readonly id: string;
  readonly name: string;
  readonly country: string;
}

/** The compound key by which a product is known without its upc. */
export interface SkuOfBrand {
  readonly sku: string;
  readonly brandId: string;
}

/** The catalogue, in memory: what was changed is gone with the process. */
export interface ProductsRows {
  /** One batch read; undefined where there is no such product. So do the other batch reads. */
  productsByUpc(upcs: readonly string[]): (ProductRow | undefined)[];
  productsBySku(keys: readonly SkuOfBrand[]): (ProductRow | undefined)[];
  /** All products of each brand. */
  productsByBrand(brandIds: readonly string[]): ProductRow[][];
  giftCardsByUpc(upcs: readonly string[]): (GiftCardRow | undefined)[];
  brandsById(ids: readonly string[]): (BrandRow | undefined)[];
  products(first: number): ProductRow[];
  /** Whose name or description holds the text, in whatever case. */
  search(text: string, first: number): (ProductRow | GiftCardRow)[];
  /** Three products, a brand, three products, and so on. */
  featured(first: number): (ProductRow | BrandRow)[];
  updateProduct(upc: string, changes: ProductChanges): ProductRow | undefined;
}

export type ProductChanges = Partial<Pick<ProductRow, 'name' | 'description' | 'price' | 'weight'>>;

const SEED = 4102;
const BRAND_COUNT = 40;
const CARD_VALUES = [1_000, 2_500, 5_000, 10_000];
const CARD_OCCASIONS = ['Birthday', 'Wedding', 'Thank You'];

const QUALITIES = ['Compact', 'Foldable', 'Light', 'Quiet', 'Robust', 'Slim', 'Sturdy', 'Tall', 'Travel', 'Vintage'];
const MATERIALS = ['Bamboo', 'Canvas', 'Ceramic', 'Copper', 'Cork', 'Glass', 'Linen', 'Oak', 'Steel', 'Wool'];
const THINGS = [
  'Basket',
  'Bench',
  'Bottle',
  'Chair',
  'Clock',
  'Kettle',
  'Lamp',
  'Mug',
  'Rug',
  'Shelf',
  'Table',
  'Tray',
];
const PLACES = ['balcony', 'desk', 'garden', 'hallway', 'kitchen', 'living room', 'studio', 'workshop'];
const SYLLABLES = ['al', 'bo', 'ka', 'li', 'mar', 'no', 'ri', 'sol', 'ta', 'ven'];
const COUNTRIES = ['DE', 'DK', 'ES', 'FR', 'GB', 'IT', 'JP', 'PT', 'SE', 'US'];

export function createRows(): ProductsRows {
  const random = seededRandom(SEED);
  const brands = new Map(
    Array.from({ length: BRAND_COUNT }, (_, index) => seedBrand(index, random)).map((brand) => [brand.id, brand]),
  );
  const products = new Map(productUpcs.map((upc) => [upc, seedProduct(upc, random)]));
  const giftCards = new Map(giftCardUpcs.map((upc, index) => [upc, seedGiftCard(upc, index)]));
  const upcBySku = new Map(Array.from(products.values(), (product) => [skuKey(product), product.upc]));

  const productsByUpc = (upcs: readonly string[]): (ProductRow | undefined)[] => upcs.map((upc) => products.get(upc));

  return {
    productsByUpc,
    productsBySku: (keys) => productsByUpc(keys.map((key) => upcBySku.get(skuKey(key)) ?? '')),
    productsByBrand: (ids) => ids.map((id) => [...products.values()].filter(({ brandId }) => brandId === id)),
    giftCardsByUpc: (upcs) => upcs.map((upc) => giftCards.get(upc)),
    brandsById: (ids) => ids.map((id) => brands.get(id)),
    products: (first) => [...products.values()].slice(0, first),
    search(text, first) {
      const wanted = text.toLowerCase();
      const holds = (...texts: string[]): boolean =>
        texts.some((candidate) => candidate.toLowerCase().includes(wanted));
      return [
        ...[...products.values()].filter(({ name, description }) => holds(name, description)),
        ...[...giftCards.values()].filter(({ name }) => holds(name)),
      ].slice(0, first);
    },
    featured(first) {
      const brandList = [...brands.values()];
      const brandAfter = (index: number): BrandRow[] =>
        index % 3 === 2 ? brandList.slice((index - 2) / 3, (index + 1) / 3) : [];
      return [...products.values()].flatMap((product, index) => [product, ...brandAfter(index)]).slice(0, first);
    },
    updateProduct(upc, changes) {
      const product = products.get(upc);
      if (!product) return undefined;
      const updated = { ...product, ...changes };
      products.set(upc, updated);
      return updated;
    },
  };
}

/** Brands take turns: product 1 is of brand 1, product 41 is so again. */
const brandIdOf = (upc: string): string => `brand-${1 + ((Number(upc) - 1) % BRAND_COUNT)}`;

/** Such as `"A-007"`. Each brand numbers its own, so a sku names a product only together with the brand. */
const skuOf = (upc: string): string => `A-${String(Math.ceil(Number(upc) / BRAND_COUNT)).padStart(3, '0')}`;

const skuKey = ({ sku, brandId }: SkuOfBrand): string => `${brandId} ${sku}`;

function seedBrand(index: number, random: Random): BrandRow {
  // Two syllables spell the index, so that no two brands share a name; the third is chance.
  const spelled = [Math.floor(index / SYLLABLES.length), index % SYLLABLES.length].map((place) => SYLLABLES[place]);
  const name = spelled.join('') + random.pick(SYLLABLES);
  return {
    __typename: 'Brand',
    id: `brand-${index + 1}`,
    name: name.charAt(0).toUpperCase() + name.slice(1),
    country: random.pick(COUNTRIES),
  };
}

function seedProduct(upc: string, random: Random): ProductRow {
  const thing = random.pick(THINGS);
  const material = random.pick(MATERIALS);
  const price = random.integer(4, 300) * 100 - 1;
  return {
    __typename: 'Product',
    upc,
    sku: skuOf(upc),
    brandId: brandIdOf(upc),
    name: `${random.pick(QUALITIES)} ${material} ${thing}`,
    description: `A ${thing.toLowerCase()} of ${material.toLowerCase()} for the ${random.pick(PLACES)}.`,
    price,
    weight: random.integer(1, 200) * 50,
    costPrice: Math.round((price * random.integer(40, 70)) / 100),
    deliveryDays: deliveryDaysOf(upc),
  };
}

function seedGiftCard(upc: string, index: number): GiftCardRow {
  const price = CARD_VALUES[index % CARD_VALUES.length] ?? 0;
  const occasion = CARD_OCCASIONS[Math.floor(index / CARD_VALUES.length)] ?? '';
  return { __typename: 'GiftCard', upc, name: `${occasion} Gift Card ${price / 100}`, price, validMonths: 36 };
}
