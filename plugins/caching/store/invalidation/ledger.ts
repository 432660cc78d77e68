import { EVERYTHING, type Tag } from '../../tags/tag.ts';

/** Some MB at most. What began before the last so many invalidations is not stored. */
const MAX_TAGS = 10_000;

/** What this process has heard of invalidations, so that nothing older enters its memory after them. */
export interface Ledger {
  /** Where it is now: what is recorded from now on comes after this. */
  position(): number;
  /** @param sequence that of Redis, where it has one yet */
  record(tags: readonly Tag[], sequence?: number): void;
  /** As if everything had been invalidated: something may have been that was not heard of. */
  recordEverything(): void;
  /** The same, and what Redis's sequence numbers were does not count any more. */
  renumber(): void;
  /** Whether one of the tags has been invalidated after `position`, or may have been. */
  concerns(tags: readonly Tag[], position: number): boolean;
  /** Whether one of the tags is known to have been invalidated after this number of Redis's sequence. */
  isOvertaken(tags: readonly Tag[], sequence: number): boolean;
}

export function createLedger(): Ledger {
  const marks = new Map<Tag, { readonly position: number; readonly sequence: number }>();
  let position = 0;
  let latestSequence = 0;
  /** Up to here marks have been given up. */
  let complete = 0;

  return {
    position: () => position,

    record(tags, sequence = 0) {
      position++;
      latestSequence = Math.max(latestSequence, sequence);
      for (const tag of tags) {
        const before = marks.get(tag)?.sequence ?? 0;
        marks.delete(tag);
        marks.set(tag, { position, sequence: Math.max(before, sequence) });
      }
      for (const [tag, mark] of marks) {
        if (marks.size <= MAX_TAGS) break;
        marks.delete(tag);
        complete = mark.position;
      }
    },

    // What was heard counts on: in Redis, its entries may not have been removed yet.
    recordEverything() {
      complete = ++position;
    },

    renumber() {
      marks.clear();
      complete = ++position;
      latestSequence = 0;
    },

    concerns(tags, since) {
      if (since === position) return false;
      if (since < complete) return true;
      const isAfter = (tag: Tag): boolean => (marks.get(tag)?.position ?? 0) > since;
      return isAfter(EVERYTHING) || tags.some(isAfter);
    },

    isOvertaken(tags, sequence) {
      if (sequence >= latestSequence) return false;
      const isAfter = (tag: Tag): boolean => (marks.get(tag)?.sequence ?? 0) > sequence;
      return isAfter(EVERYTHING) || tags.some(isAfter);
    },
  };
}
