import { readFileSync } from 'node:fs';
import { stripIgnoredCharacters } from 'graphql';
import { addDocument, readManifest } from './manifest.ts';

/** Documents that an operator has listed. Immutable. */
export interface DocumentList {
  readonly size: number;
  /** @param id without `sha256:` */
  byId(id: string): string | undefined;
  /** The listed document that is this text, but for whitespace, commas and comments. */
  byText(text: string): string | undefined;
}

/** Of manifests that are read at once. Throws an `Error` that names the file and what is wrong with it. */
export function readDocumentList(paths: readonly string[]): DocumentList {
  const documents = new Map<string, string>();
  for (const path of paths) {
    try {
      for (const [id, text] of readManifest(readFileSync(path, 'utf8'))) addDocument(documents, id, text);
    } catch (error) {
      throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
    }
  }
  return documentList(documents);
}

/** Longer texts are not brought into a form to be compared, in characters: clients may send as many as they like. */
const MAX_COMPARED = 256 * 1024;

/** Throws an `Error` that names the document whose text is none of GraphQL. */
export function documentList(documents: ReadonlyMap<string, string>): DocumentList {
  const texts = new Set(documents.values());
  const byNormalText = new Map<string, string>();
  for (const [id, text] of documents) {
    const normal = normalText(text);
    if (normal === undefined) throw new Error(`"${id}" is not a GraphQL document`);
    byNormalText.set(normal, text);
  }
  return {
    size: documents.size,
    byId: (id) => documents.get(id),
    byText(text) {
      if (texts.has(text)) return text;
      const normal = text.length > MAX_COMPARED ? undefined : normalText(text);
      return normal === undefined ? undefined : byNormalText.get(normal);
    },
  };
}

/** The tokens of a text, which are its meaning; undefined for what has others than GraphQL's. */
function normalText(text: string): string | undefined {
  try {
    return stripIgnoredCharacters(text);
  } catch {
    return undefined;
  }
}
