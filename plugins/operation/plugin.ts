import type { GatewayPlugin } from '@graphql-hive/gateway';
import type { ExecutionArgs } from 'graphql';
import type { GatehouseContext } from '../request-context.ts';
import { operationProfiles, type OperationProfilesOptions } from './profiles.ts';

/**
 * Leaves the profile of each operation in its context, for the plugins after it: made once for each schema, document
 * and name. Throws an `Error` that names the option when one is wrong.
 */
export function useOperationProfiles(options: OperationProfilesOptions = {}): GatewayPlugin {
  const { profileOf } = operationProfiles(options);
  const profile = ({ args }: { readonly args: ExecutionArgs }): void => {
    const context = args.contextValue as { operation?: GatehouseContext['operation'] };
    context.operation = profileOf(args.schema, args.document, args.operationName);
  };
  return { onExecute: profile, onSubscribe: profile };
}
