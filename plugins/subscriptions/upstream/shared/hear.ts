import type { SubgraphAnswer, UpstreamEnd } from '../upstream.ts';
import type { Message, Position } from './message.ts';

/** What a message means to one who follows. */
export type Heard =
  /** It only says where the subscription is, or says again what was heard. */
  | { readonly kind: 'position'; readonly position: Position }
  | { readonly kind: 'event'; readonly position: Position; readonly event: SubgraphAnswer }
  | { readonly kind: 'end'; readonly end: UpstreamEnd }
  /** There may be more, but not from who was followed; `reason` is for the log. */
  | { readonly kind: 'over'; readonly reason: string };

const MISSED: Heard = { kind: 'over', reason: 'an event was missed' };

/** @param position what was heard of the same token before */
export function hear(position: Position, message: Message): Heard {
  const { number } = message;
  switch (message.kind) {
    case 'event': {
      // Said again, since it was not known that it had been said.
      if (number <= position.number) return { kind: 'position', position: { ...position, isOpen: true } };
      if (number > position.number + 1) return MISSED;
      return { kind: 'event', position: { isOpen: true, number }, event: message.event };
    }
    case 'beat':
      if (number > position.number) return MISSED;
      return { kind: 'position', position: { ...position, isOpen: position.isOpen || message.isOpen } };
    case 'end':
      return number > position.number ? MISSED : { kind: 'end', end: message.end };
    case 'gone':
      return { kind: 'over', reason: message.reason };
  }
}
