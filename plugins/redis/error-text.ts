/** What an error says, also where it says it in a code (sockets) or in the errors it holds (several addresses). */
export function errorText(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(errorText).join('; ');
  if (!(error instanceof Error)) return String(error);
  const inner = 'lastNodeError' in error && error.lastNodeError ? ` ${errorText(error.lastNodeError)}` : '';
  return (error.message || ('code' in error ? String(error.code) : error.name)) + inner;
}
