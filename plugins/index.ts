import type { GatewayPlugin } from '@graphql-hive/gateway';
import type { GatehouseContext } from './request-context.ts';

// What a plugin of one's own is typed with: docs/write-your-own-plugin.md.

/** A plugin of Hive Gateway whose hooks see what Gatehouse's plugins leave in the context. */
export type GatehousePlugin = GatewayPlugin<Record<string, unknown>, GatehouseContext>;

export type { Coordinate, OperationProfile, SelectedField, Touched } from './operation/index.ts';
export type { GatehouseContext, OperationCosts, Principal, Withheld } from './request-context.ts';
