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
  /** Up to where everything was heard, if that is known. */
  heard(): Position | undefined;
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
  /** The last invalidation that was heard; undefined until it is known from where on all are. */
  let heard: Position | undefined;
  /** Where Redis stood at the pulse before: that has to be heard by the next. */
  let expected: Position | undefined;
  let mayHaveMissed = false;
  /** Of the next that is heard. */
  let hearing = Promise.withResolvers<void>();
  /** The last that Redis was known to be in. */
  let epoch: string | undefined;

  function enter(next: string): void {
    if (epoch !== undefined && epoch !== next) onRenumbered();
    epoch = next;
  }

  function miss(now: Position | undefined): void {
    heard = now;
    mayHaveMissed = false;
    onMissed();
  }

  function hear(message: string): void {
    const { epoch: told, previous, sequence, tags } = announcementOf(message);
    enter(told);
    onHeard(tags, sequence);
    advance(told, previous, sequence);
    hearing.resolve();
    hearing = Promise.withResolvers();
  }

  function advance(told: string, previous: number, sequence: number): void {
    if (heard === undefined || (heard.epoch === told && sequence <= heard.sequence)) return;
    if (heard.epoch === told && heard.sequence === previous) heard = { epoch: told, sequence };
    else miss({ epoch: told, sequence });
  }

  function lose(): void {
    stand = undefined;
    heard = undefined;
    mayHaveMissed = true;
  }

  function standAgain(): void {
    stand = ++stands;
    miss(undefined);
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
    if (heard === undefined) heard = position;
    else if (heard.epoch === expected?.epoch && heard.sequence < expected.sequence) miss(position);
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
      return heard === undefined ? 'cut' : 'linked';
    },

    begin() {
      if (pulse !== undefined || closed) return;
      pulse = setInterval(() => void beat(), PULSE_MS).unref();
      listen();
    },

    heard: () => heard,

    async catchUp({ epoch: of, sequence }) {
      const end = performance.now() + CATCH_UP_MS;
      const isBehind = (): boolean => heard !== undefined && heard.epoch === of && heard.sequence < sequence;
      while (isBehind() && performance.now() < end) {
        await Promise.race([hearing.promise, sleep(CATCH_UP_MS, undefined, { ref: false })]);
      }
    },

    answered(position) {
      isAnswering = true;
      enter(position.epoch);
      if (heard !== undefined && heard.epoch !== position.epoch) miss(position);
      // Redis is there, so others may have invalidated what this process holds.
      else if (stand === undefined && mayHaveMissed) miss(undefined);
    },

    failed() {
      isAnswering = false;
      if (stand === undefined) mayHaveMissed = true;
    },

    close() {
      closed = true;
      clearInterval(pulse);
      unsubscribe?.();
    },
  };
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
