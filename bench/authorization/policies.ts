import { rulesEngine } from '../../plugins/authorization/engines/index.ts';
import type { PolicyRoute } from '../../plugins/authorization/index.ts';
import { SCOPE } from './documents.ts';

const RULE = `"${SCOPE}" in principal.scopes`;

/** One policy whose decisions are remembered, and one that is asked each time. */
export const ROUTES: readonly PolicyRoute[] = [
  { engine: rulesEngine({ rules: { kept: RULE } }), policies: ['kept'], ttl: 3_600_000 },
  { engine: rulesEngine({ rules: { asked: RULE } }), policies: ['asked'] },
];
