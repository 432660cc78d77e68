import { setTimeout as sleep } from 'node:timers/promises';
import type { Attachment, Sources, Wanted } from '../sources/index.ts';
import type { Channel } from './channel.ts';
import type { Channels } from './channels.ts';

/**
 * Joins a channel to the source that it needs, after the last event that those have got who came to it. When that was of
 * another source, they stay with it until this one is there, and are told that events may be missing.
 */
export async function attach(
  channel: Channel,
  wanted: Wanted,
  channels: Channels,
  sources: Sources,
  reloadJitter: number,
): Promise<Attachment> {
  const departure = channels.departureOf(channel);
  const { replaces } = channel;
  // Not all of the subscriptions that change come to a subgraph at once.
  if (replaces && !sources.has(wanted)) await sleep(Math.random() * reloadJitter, undefined, { ref: false });
  if (channel.isClosed()) throw new Error('nobody is left who wants it');
  const former = departure?.from.attachment;
  const source = sources.open(wanted, departure !== undefined);
  const isSame = former?.source === source;
  const attachment = source.attach(isSame ? (departure?.after ?? former.position()) : undefined, channel.witness);
  channel.attachment = attachment;
  channels.arrived(channel);
  if (isSame) {
    replaces?.retire();
  } else {
    await source.opened;
    if (departure) takeOver(channel, attachment, replaces);
  }
  if (channel.isClosed()) await attachment.return?.();
  return attachment;
}

function takeOver(channel: Channel, attachment: Attachment, replaces: Channel | undefined): void {
  // Until now the other has read.
  attachment.skip();
  channel.noteGap(replaces ? 'schema-reload' : 'authorization');
  channel.renumber();
  replaces?.retire();
}
