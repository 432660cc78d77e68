import type { ExecutionResult } from '@graphql-tools/utils';
import type { AdmitEvent } from '../../request-context.ts';

export interface AdmittedOptions {
  give(event: ExecutionResult): void;
  readonly admit: AdmitEvent;
  /** How many may wait to be admitted; what comes then is dropped. */
  readonly most: number;
  onOutcome(outcome: 'limited' | 'dropped'): void;
  /** It cannot be told whether an event is admitted. */
  onFailure(error: unknown): void;
}

/** Gives only events that are admitted, in their order. */
export function givesAdmitted(options: AdmittedOptions): (event: ExecutionResult) => void {
  const { give, admit, most, onOutcome, onFailure } = options;
  let before: Promise<void> | undefined;
  let waiting = 0;

  function conclude(event: ExecutionResult, isAdmitted: boolean): void {
    if (isAdmitted) give(event);
    else onOutcome('limited');
  }

  async function inTurn(
    event: ExecutionResult,
    admitted: boolean | Promise<boolean>,
    turnBefore: Promise<void> | undefined,
  ): Promise<void> {
    try {
      const [isAdmitted] = await Promise.all([admitted, turnBefore]);
      conclude(event, isAdmitted);
    } catch (error) {
      onFailure(error);
    }
    if (--waiting === 0) before = undefined;
  }

  return (event) => {
    if (waiting >= most) return onOutcome('dropped');
    const admitted = admit(event);
    if (waiting === 0 && !(admitted instanceof Promise)) return conclude(event, admitted);
    waiting++;
    before = inTurn(event, admitted, before);
  };
}
