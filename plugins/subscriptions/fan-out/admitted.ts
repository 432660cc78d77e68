import type { ExecutionResult } from '@graphql-tools/utils';
import type { AdmitEvent } from '../../request-context.ts';

/** Gives only events that are admitted, in their order. `onRefused` is told of each other. */
export function givesAdmitted(
  give: (event: ExecutionResult) => void,
  admit: AdmitEvent,
  onRefused: () => void,
): (event: ExecutionResult) => void {
  let before: Promise<void> | undefined;

  function conclude(event: ExecutionResult, isAdmitted: boolean): void {
    if (isAdmitted) give(event);
    else onRefused();
  }

  return (event) => {
    const admitted = admit(event);
    if (!before && !(admitted instanceof Promise)) return conclude(event, admitted);
    const turn = Promise.all([admitted, before]).then(([isAdmitted]) => {
      if (before === turn) before = undefined;
      conclude(event, isAdmitted);
    });
    before = turn;
  };
}
