import { rulesEngine } from '../../../plugins/authorization/engines/index.ts';
import type { PolicyRoute } from '../../../plugins/authorization/index.ts';

// What `npm run policy:test` reads of a configuration.
export const policies: readonly PolicyRoute[] = [
  {
    engine: rulesEngine({
      rules: {
        payroll: 'resource.boss.id == principal.id || "payroll" in principal.roles',
        diary: 'resource.keeper.id == principal.id',
        even: 'args.n == 2',
      },
    }),
    needs: { payroll: 'boss { id }', diary: 'keeper { id }' },
  },
];
