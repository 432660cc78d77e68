import { createHash } from 'node:crypto';
import { EVERYTHING, type Tag } from '../tags/tag.ts';

/** Tags are kept with every entry and in every index, so what an entity's key or a template makes long is shortened. */
const MAX_LENGTH = 80;

/**
 * The tag itself or, for a long one, its hash: equal for equal tags. Halves of characters, which a client may send within
 * JSON, become U+FFFD: Redis reads no JSON with them, and could never be told of an invalidation of such a tag.
 */
export function boundedTag(tag: Tag): Tag {
  if (tag.length <= MAX_LENGTH) return tag.toWellFormed() as Tag;
  return `#${createHash('sha256').update(tag).digest('base64url')}` as Tag;
}

/** Each once. All others are part of everything. */
export function boundedTags(tags: readonly Tag[]): readonly Tag[] {
  const bounded = new Set(tags.map(boundedTag));
  return bounded.has(EVERYTHING) ? [EVERYTHING] : [...bounded];
}
