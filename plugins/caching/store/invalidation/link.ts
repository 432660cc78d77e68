import { setTimeout as sleep } from 'node:timers/promises';
import type { SharedStore } from '../../../redis/index.ts';
import type { Tag } from '../../tags/tag.ts';
import { CHANNEL } from '../redis/keys.ts';
import type { Position } from '../redis/redis-tier.ts';

/** How often Redis is asked whether invalidations were missed; it takes two such times to notice. */
const PULSE_MS = 1000;
/** What is announced comes with the answers of Redis that know of it, or a moment later. */
const CATCH_UP_MS = 50;

/**
 * How this process stands to the others:
 * - `linked`: it hears of every invalidation
 * - `cut`: it does not, and Redis answers: what its memory holds may be invalid, what Redis holds is not
 * - `away`: Redis does not answer
 */
export type LinkMode = 'linked' | 'cut' | 'away';

export interface LinkOptions {
  readonly shared: SharedStore;
  /** Asks Redis where it stands; rejects when it does not answer. */
  readonly ask: () => Promise<Position>;
  /** An invalidation of these tags, with its number. */
  readonly onHeard: (tags: readonly Tag[], sequence: number) => void;
  /** Invalidations may have been missed, of whatever. */
  readonly onMissed: () => void;
  /** Redis is in another epoch: its numbers may be lower than before. Told before any of them. */
  readonly onRenumbered: () => void;
}

export interface Link {
  mode(): LinkMode;
  /** Begins to listen, unless it has. */
  begin(): void;
  /** Of the invalidations up to there this process has made sure: nothing that begins now is made of what is older. */
  reached(): Position | undefined;
  /** Waits a moment for what was announced up to there, unless it is known to be missed. */
  catchUp(position: Position): Promise<void>;
  /** To be called with each answer of Redis. */
  answered(position: Position): void;
  /** To be called when there was none. */
  failed(): void;
  close(): void;
}

/** Hears of invalidations by Redis pub/sub, and notices by their numbers when it has not. */
export function createLink({ shared, ask, onHeard, onMissed, onRenumbered }: LinkOptions): Link {
  let pulse: NodeJS.Timeout | undefined;
  let unsubscribe: (() => void) | undefined;
  let closed = false;
  let isAsking = false;
  let isAnswering = false;
  /** Counts the times that the subscription came to stand, and is undefined while it does not. */
  let stand: number | undefined;
  let stands = 0;
  /** The last invalidation that was heard, or up to which all counts as missed. */
  let reached: Position | undefined;
  /** Whether all later ones are heard. */
  let isHearing = false;
  /** Where Redis stood at the pulse before: that has to be heard by the next. */
  let expected: Position | undefined;
  /** Of the next that is heard. */
  let hearing = Promise.withResolvers<void>();
  /** The last that Redis was known to be in. */
  let epoch: string | undefined;

  function enter(next: string): void {
    if (epoch !== undefined && epoch !== next) onRenumbered();
    epoch = next;
  }

  function miss(now: Position): void {
    reached = now;
    onMissed();
  }

  function hear(message: string): void {
    const { epoch: told, previous, sequence, tags } = announcementOf(message);
    enter(told);
    onHeard(tags, sequence);
    advance({ epoch: told, sequence }, previous);
    hearing.resolve();
    hearing = Promise.withResolvers();
  }

  function advance(to: Position, previous: number): void {
    if (!isHearing || !isAfter(to, reached)) return;
    if (reached?.epoch === to.epoch && reached.sequence === previous) reached = to;
    else miss(to);
  }

  function lose(): void {
    stand = undefined;
    isHearing = false;
  }

  function standAgain(): void {
    stand = ++stands;
    isHearing = false;
    onMissed();
    void beat();
  }

  async function beat(): Promise<void> {
    if (isAsking || closed) return;
    isAsking = true;
    const askedIn = stand;
    const position = await ask().catch(() => undefined);
    isAsking = false;
    if (position === undefined || stand === undefined) return;
    // It has come to stand meanwhile: what came between is known only of what is asked from now on.
    if (stand !== askedIn) return beat();
    if (isHearing && reached?.epoch === expected?.epoch && isAfter(expected, reached)) miss(position);
    // As with each answer, it is reached.
    isHearing = true;
    expected = position;
  }

  function listen(): void {
    let wasLost = false;
    const onLost = (): void => {
      wasLost = true;
      lose();
    };
    shared.subscribe(CHANNEL, hear, standAgain, onLost).then(
      (leave) => {
        unsubscribe = leave;
        if (closed) leave();
        else if (!wasLost) standAgain();
      },
      // The store is closed.
      () => {},
    );
  }

  return {
    mode() {
      if (!isAnswering) return 'away';
      return isHearing ? 'linked' : 'cut';
    },

    begin() {
      if (pulse !== undefined || closed) return;
      pulse = setInterval(() => void beat(), PULSE_MS).unref();
      listen();
    },

    reached: () => reached,

    async catchUp(position) {
      const end = performance.now() + CATCH_UP_MS;
      const isBehind = (): boolean => isHearing && reached?.epoch === position.epoch && isAfter(position, reached);
      while (isBehind() && performance.now() < end) {
        await Promise.race([hearing.promise, sleep(CATCH_UP_MS, undefined, { ref: false })]);
      }
    },

    answered(position) {
      isAnswering = true;
      enter(position.epoch);
      // What is not announced to this process, it is told of here alone.
      if (isAfter(position, reached) && !(isHearing && reached?.epoch === position.epoch)) miss(position);
    },

    failed() {
      isAnswering = false;
    },

    close() {
      closed = true;
      clearInterval(pulse);
      unsubscribe?.();
    },
  };
}

/** Whether it is not known to be the same or earlier. */
function isAfter(one: Position | undefined, other: Position | undefined): boolean {
  return one !== undefined && (one.epoch !== other?.epoch || one.sequence > other.sequence);
}

interface Announcement extends Position {
  /** The number before: what has that was heard, or something is missing. */
  readonly previous: number;
  readonly tags: readonly Tag[];
}

/** As state.lua announces it. */
function announcementOf(message: string): Announcement {
  const [epoch, previous, sequence, tags] = JSON.parse(message) as [string, string, string, readonly Tag[]];
  return { epoch, previous: Number(previous), sequence: Number(sequence), tags };
}
