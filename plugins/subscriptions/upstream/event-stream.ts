export interface ServerSentEvent {
  /** `message` when the stream gives none. */
  readonly type: string;
  readonly data: string;
}

/** Takes the next bytes; false when an event has become too large, after which nothing more is to be given to it. */
export type ReadEvents = (chunk: Uint8Array) => boolean;

const LF = 0x0a;
const CR = 0x0d;
const BYTE_ORDER_MARK = '\uFEFF';
const DEFAULT_TYPE = 'message';

/**
 * Reads an event stream (WHATWG HTML, section 9.2.6), cut into chunks anywhere. Unlike there, an event that has a type
 * and no data is one too: servers end a subscription so (`event: complete`). `id` and `retry` mean nothing here.
 *
 * @param maxBytes of one event, or of a line that is none
 */
export function readEventStream(maxBytes: number, deliver: (event: ServerSentEvent) => void): ReadEvents {
  let line: Uint8Array[] = [];
  let lineBytes = 0;
  let eventBytes = 0;
  let type = '';
  let data: string[] = [];
  let isFirstLine = true;
  let isAfterCR = false;

  function endEvent(): void {
    if (type !== '' || data.length > 0) deliver({ type: type || DEFAULT_TYPE, data: data.join('\n') });
    type = '';
    data = [];
    eventBytes = 0;
  }

  function endLine(): void {
    let text = Buffer.concat(line, lineBytes).toString('utf8');
    if (isFirstLine && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(BYTE_ORDER_MARK.length);
    isFirstLine = false;
    if (text === '') {
      endEvent();
    } else {
      const [field, value] = split(text);
      if (field === 'event') type = value;
      if (field === 'data') data.push(value);
      // What is kept counts; comments and other fields are not kept.
      if (field === 'data') eventBytes += lineBytes;
    }
    line = [];
    lineBytes = 0;
  }

  return (chunk) => {
    let start = 0;
    for (let end = 0; end < chunk.length; end++) {
      const byte = chunk[end];
      const isRestOfCRLF = isAfterCR && byte === LF;
      isAfterCR = byte === CR;
      if (isRestOfCRLF) {
        start = end + 1;
      } else if (byte === LF || byte === CR) {
        lineBytes += end - start;
        if (eventBytes + lineBytes > maxBytes) return false;
        line.push(chunk.subarray(start, end));
        endLine();
        start = end + 1;
      }
    }
    lineBytes += chunk.length - start;
    if (start < chunk.length) line.push(chunk.subarray(start));
    return eventBytes + lineBytes <= maxBytes;
  };
}

/** The field that a line sets, and its value; a comment sets the field without a name. */
function split(line: string): [field: string, value: string] {
  const colon = line.indexOf(':');
  if (colon === -1) return [line, ''];
  const from = line[colon + 1] === ' ' ? colon + 2 : colon + 1;
  return [line.slice(0, colon), line.slice(from)];
}
