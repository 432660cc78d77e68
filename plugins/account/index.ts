export {
  newAccount,
  type AnsweredAgain,
  type AnswersAgain,
  type OperationAccount,
  type OperationEnd,
  type ResponseCacheUse,
} from './account.ts';
export { beginCall, CALL_ACCOUNT, endCall, type CallAccount } from './call.ts';
export { codeOf, noteErrors, noteResponse } from './error-codes.ts';
export { traced } from './traced.ts';
export { generateRequestId, useAccounts } from './plugin.ts';
export type { OperationTrace, SpanAttributes, SpanIds, SpanKind, TraceSpan } from './trace.ts';
