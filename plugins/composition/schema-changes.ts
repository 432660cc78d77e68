import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema, type GraphQLSchema } from 'graphql';

/** One difference between two public schemas, as a client would feel it. */
export interface SchemaChange {
  readonly level: 'breaking' | 'dangerous' | 'safe';
  readonly message: string;
  /** Schema coordinate of what changed. */
  readonly coordinate: string;
}

/** What changes for clients when `after` takes over from `before`, both public SDL; the worst first. */
export async function schemaChanges(before: string, after: string): Promise<readonly SchemaChange[]> {
  if (before === after) return [];
  const changes = await diff(toSchema(before), toSchema(after));
  const levels = ['breaking', 'dangerous', 'safe'] as const;
  return changes
    .map((change) => ({
      level: levelOf(change.criticality.level),
      message: change.message,
      coordinate: change.path ?? '',
    }))
    .toSorted((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level));
}

function toSchema(sdl: string): GraphQLSchema {
  return buildSchema(sdl, { assumeValid: true, assumeValidSDL: true });
}

function levelOf(level: CriticalityLevel): SchemaChange['level'] {
  switch (level) {
    case CriticalityLevel.Breaking:
      return 'breaking';
    case CriticalityLevel.Dangerous:
      return 'dangerous';
    case CriticalityLevel.NonBreaking:
      return 'safe';
  }
}
