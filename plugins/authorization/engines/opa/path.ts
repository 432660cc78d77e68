/** Where the Data API has a document. */
export function documentPath(document: string): string {
  return `/v1/data/${document.split('/').map(encodeURIComponent).join('/')}`;
}

/** Whether this is the path of a document below `data`: an empty or a dot segment would lead elsewhere. */
export function isDocument(path: unknown): path is string {
  if (typeof path !== 'string' || !path.isWellFormed()) return false;
  return path.split('/').every((segment) => !['', '.', '..'].includes(segment));
}
