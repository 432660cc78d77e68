import type { IncomingMessage } from 'node:http';
import type { DocumentNode, ExecutionArgs, OperationDefinitionNode } from 'graphql';
import { getOperationAST } from 'graphql';
import type { AnsweredAgain, AnswersAgain, OperationAccount, OperationEnd } from '../account/index.ts';
import { operationProfiles } from '../operation/index.ts';
import type { GatehouseContext, Principal } from '../request-context.ts';
import type { DescribedOperation, Descriptions } from './record/described-operation.ts';
import type { RecordMaker } from './record/make-record.ts';
import type { AuditRecord } from './record/record.ts';
import { sameBut, type Changing } from './record/same-but.ts';
import type { Admission, Recorder } from './recorder.ts';
import type { Sanitizer, SanitizedVariables } from './sanitize/index.ts';

// Properties of the account and of the context: as `WeakMap`s, they would cost more than all else of a record.
const REQUEST = Symbol('audited request');
const OPERATION = Symbol('audited operation');

interface AuditedAccount extends OperationAccount {
  [REQUEST]?: Request;
}

/** What an operation brings with it, as the gateway's context has it. */
export interface OperationContext extends GatehouseContext {
  readonly account?: AuditedAccount | undefined;
  [OPERATION]?: AuditedOperation;
  readonly req?: IncomingMessage;
  readonly params?: { readonly operationName?: string | null; readonly variables?: unknown };
}

export interface AuditedOperation {
  readonly account: AuditedAccount;
  readonly context: OperationContext;
  admission: Admission | undefined;
  /** When it was parsed. */
  document: DocumentNode | undefined;
  /** When it is executed. */
  args: ExecutionArgs | undefined;
  /** Once they are asked for. */
  variables: SanitizedVariables | undefined;
  /** Its record is written, or the one of its beginning. */
  stage: 'begun' | 'started' | 'recorded';
}

/** The operations that are under way, each from its beginning to its last record. */
export interface AuditedOperations {
  /** To be called for each request, also for one that does not come to an operation. */
  request(context: OperationContext): void;
  begin(context: OperationContext): AuditedOperation | undefined;
  of(context: object): AuditedOperation | undefined;
  /** A subscription stands. */
  started(operation: AuditedOperation): Promise<boolean>;
  /** Records it before it is answered; false when it must not be. */
  recordNow(operation: AuditedOperation): Promise<boolean>;
  /** The same for a request that did not come to an operation. */
  recordRequestNow(context: OperationContext, status: number): Promise<boolean>;
  /** How an answer that is given again is recorded. */
  answersAgain(operation: AuditedOperation): AnswersAgain;
}

interface Request {
  readonly context: OperationContext;
  readonly operations: AuditedOperation[];
  isRecorded: boolean;
}

interface Parts {
  readonly recorder: Recorder;
  readonly records: RecordMaker;
  readonly descriptions: Descriptions;
  readonly sanitizer: Sanitizer;
  readonly addressOf: ((request: IncomingMessage) => string) | undefined;
}

const UNSENT: OperationEnd & { readonly sent: false } = { status: undefined, how: 'answered', sent: false };

export function auditedOperations({ recorder, records, descriptions, sanitizer, addressOf }: Parts): AuditedOperations {
  const { profileOf } = operationProfiles();

  function requestOf(account: AuditedAccount, context: OperationContext): Request {
    const known = account[REQUEST];
    if (known) return known;
    const request: Request = { context, operations: [], isRecorded: false };
    account[REQUEST] = request;
    account.whenEnded((end) => ended(account, request, end));
    return request;
  }

  function ended(account: OperationAccount, request: Request, end: OperationEnd): void {
    if (request.operations.length === 0 && !request.isRecorded) {
      recorder.record(requestRecord(account, request.context, end), undefined);
    }
    for (const operation of request.operations) {
      const { stage, admission } = operation;
      operation.stage = 'recorded';
      if (stage === 'begun') recorder.record(recordOf(operation, 'operation', end), admission);
      else if (stage === 'started') recorder.recordEnd(recordOf(operation, 'subscription-end', end));
    }
  }

  function describe({ args, document, context }: AuditedOperation): DescribedOperation | undefined {
    if (!args) return descriptions.ofDefinition(definitionIn(document, context.params?.operationName));
    const { schema, document: executed, operationName } = args;
    const profile = context.operation ?? profileOf(schema, executed, operationName);
    return profile && descriptions.of(profile, schema, executed);
  }

  function variablesOf(operation: AuditedOperation, described: DescribedOperation | undefined): SanitizedVariables {
    const { args, context } = operation;
    const { sanitize } = described ?? { sanitize: sanitizer.unknown };
    // Those of `args` may be more than the client has sent.
    return (operation.variables ??= sanitize(context.params ? context.params.variables : args?.variableValues));
  }

  function recordOf(
    operation: AuditedOperation,
    type: AuditRecord['type'],
    { status, how, ...rest }: OperationEnd | typeof UNSENT,
  ): AuditRecord {
    const { account, context } = operation;
    const described = describe(operation);
    const isSent = !('sent' in rest);
    return records.make({
      type,
      account,
      context,
      described,
      variables: variablesOf(operation, described),
      batch: account[REQUEST]?.operations.length ?? 1,
      status,
      ended: isSent ? how : 'open',
      bytes: isSent ? account.bytes : undefined,
      again: false,
    });
  }

  function requestRecord(
    account: OperationAccount,
    context: OperationContext,
    { status, how }: OperationEnd,
  ): AuditRecord {
    const { principal, req, address = req && addressOf?.(req) } = context;
    return records.make({
      type: 'request',
      account,
      context: { principal, address },
      described: undefined,
      variables: undefined,
      batch: 1,
      status,
      ended: how,
      bytes: account.bytes,
      again: false,
    });
  }

  function recordAgain(
    { requestId, start, principal, address, operation, status, bytes }: AnsweredAgain,
    { cost }: OperationContext,
    described: DescribedOperation | undefined,
    variables: SanitizedVariables,
  ): AuditRecord {
    return records.make({
      type: 'operation',
      account: {
        requestId,
        start,
        trace: undefined,
        transport: 'http',
        cache: { tier: 'l1', outcome: 'hit' },
        calls: [],
        codes: NO_CODES,
        responses: 1,
      },
      context: { principal, address, operation, cost },
      described,
      variables,
      batch: 1,
      status,
      ended: 'answered',
      bytes,
      again: true,
    });
  }

  function recordDurably(operation: AuditedOperation, type: AuditRecord['type']): Promise<boolean> {
    return recorder.recordDurably(recordOf(operation, type, UNSENT), operation.admission);
  }

  return {
    request(context) {
      if (context.account) requestOf(context.account, context);
    },

    begin(context) {
      const { account } = context;
      if (!account) return undefined;
      const operation: AuditedOperation = {
        account,
        context,
        admission: undefined,
        document: undefined,
        args: undefined,
        variables: undefined,
        stage: 'begun',
      };
      requestOf(account, context).operations.push(operation);
      context[OPERATION] = operation;
      return operation;
    },

    of: (context) => (context as OperationContext)[OPERATION],

    async started(operation) {
      // It may have ended meanwhile, and after a reload it is there once more.
      if (operation.stage !== 'begun') return true;
      operation.stage = 'started';
      if (recorder.isSync) return recordDurably(operation, 'subscription-start');
      recorder.record(recordOf(operation, 'subscription-start', UNSENT), operation.admission);
      return true;
    },

    async recordNow(operation) {
      if (operation.stage !== 'begun') return true;
      operation.stage = 'recorded';
      return recordDurably(operation, 'operation');
    },

    async recordRequestNow(context, status) {
      const { account } = context;
      const request = account?.[REQUEST];
      if (!account || !request || request.isRecorded || request.operations.length > 0) return true;
      request.isRecorded = true;
      const record = requestRecord(account, request.context, { status, how: 'answered' });
      return recorder.recordDurably({ ...record, ended: 'open', bytes: undefined }, undefined);
    },

    answersAgain(operation) {
      const described = describe(operation);
      const variables = variablesOf(operation, described);
      let text: { readonly of: Principal | undefined; readonly with: (changing: Changing) => string } | undefined;
      return {
        mayAnswer: recorder.mayBegin,
        answered(again) {
          const { requestId, traceId, start, principal, address, status, bytes } = again;
          const trace = traceId === undefined ? undefined : { traceId };
          if (text?.of !== principal || !text) {
            text = { of: principal, with: sameBut(recordAgain(again, operation.context, described, variables)) };
          }
          const changing = records.changing({ requestId, trace, start }, address, status, bytes);
          recorder.recordText({ type: 'operation', time: changing.time, json: text.with(changing) });
        },
      };
    },
  };
}

const NO_CODES: ReadonlySet<string> & Set<string> = new Set();

function definitionIn(
  document: DocumentNode | undefined,
  operationName: string | null | undefined,
): OperationDefinitionNode | undefined {
  return document && (getOperationAST(document, operationName) ?? undefined);
}
