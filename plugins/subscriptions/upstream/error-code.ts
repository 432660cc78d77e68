/** What may be said of an error in a reason. Not its message, which may repeat the value of a header. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : error.name;
}
