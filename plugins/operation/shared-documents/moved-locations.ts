import { GraphQLError, Source, type ExecutionResult } from 'graphql';
import type { TextLiteral } from './literals-in-text.ts';

/** The same literals in the text that a document was parsed from, and in another of the same outline. */
export interface MovedLiterals {
  /** The text that the document was parsed from. */
  readonly source: Source | undefined;
  readonly from: readonly TextLiteral[];
  readonly to: readonly TextLiteral[];
  /** The other. */
  readonly text: string;
}

/** The result with its errors where they are in the other text, of those that tell of nodes of the document. */
export function withMovedLocations(result: ExecutionResult, moved: MovedLiterals): ExecutionResult {
  const isOfDocument = ({ nodes, source }: GraphQLError): boolean => nodes !== undefined && source === moved.source;
  if (!result.errors?.some(isOfDocument)) return result;
  return { ...result, errors: result.errors.map((error) => (isOfDocument(error) ? movedError(error, moved) : error)) };
}

function movedError(error: GraphQLError, moved: MovedLiterals): GraphQLError {
  const { message, positions, path, originalError, extensions } = error;
  if (!positions) return error;
  return new GraphQLError(message, {
    source: new Source(moved.text),
    positions: positions.map((position) => position + shiftAt(position, moved)),
    path,
    originalError,
    extensions,
  });
}

/** By how much what stands there has moved: literals before it are longer or shorter. */
function shiftAt(position: number, { from, to }: MovedLiterals): number {
  const before = from.findLastIndex(({ start }) => start < position);
  const [own, other] = [from[before], to[before]];
  return own && other ? other.start + other.text.length - (own.start + own.text.length) : 0;
}
