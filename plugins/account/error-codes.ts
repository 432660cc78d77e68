import { MAX_CODES, type OperationAccount } from './account.ts';

type CodedError = { readonly extensions?: Readonly<Record<string, unknown>> | undefined };

/** Of an error without a code: what GraphQL itself found wrong with the document or its variables. */
const NO_CODE = 'GRAPHQL_ERROR';
/** Subgraphs may pass codes of their own: what does not look like one is none. */
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

export function codeOf({ extensions }: CodedError): string {
  const code = extensions?.['code'];
  return typeof code === 'string' && CODE.test(code) ? code : NO_CODE;
}

/** Of what was sent to the client. */
export function noteResponse(
  account: OperationAccount,
  { errors }: { readonly errors?: readonly CodedError[] | undefined },
): void {
  account.responses++;
  if (errors) noteErrors(account, errors);
}

export function noteErrors(account: OperationAccount, errors: readonly CodedError[]): void {
  for (const error of errors) {
    if (account.codes.size >= MAX_CODES) return;
    account.codes.add(codeOf(error));
  }
}
