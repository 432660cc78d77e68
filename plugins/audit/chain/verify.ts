import { checkpointProblem } from './control-records.ts';
import type { CheckpointKey } from './keys.ts';
import { GENESIS, hashOf, readLine, type Head, type ReadLine } from './line.ts';

export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** As the line has it; undefined for what is no line of a chain. */
  readonly seq: number | undefined;
  readonly problem: string;
}

export interface Verification {
  readonly problems: readonly Problem[];
  readonly records: number;
  /** Sequence numbers; undefined when there was no line. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** Checkpoints whose signatures were checked. */
  readonly signed: number;
  /** Lines after the last checkpoint (with a key: the last signed one). */
  readonly uncovered: number;
  /** Whether the last file ends as a gateway leaves it that was stopped. */
  readonly isClosed: boolean;
  /** The chain goes on from a file that was not given. */
  readonly beginsLater: boolean;
}

/** Checks the files of a chain, in their order, line by line. */
export interface ChainVerifier {
  beginFile(name: string): void;
  /** Without its newline. @param isWhole false for the last line of a file that does not end with one */
  line(bytes: Buffer, isWhole: boolean): void;
  endFile(): void;
  result(): Verification;
}

/** What the next line may follow on. Where a line was found changed, either of its hashes may be the one that was meant. */
interface Position {
  readonly seq: number;
  /** Empty when it cannot be known. */
  readonly hashes: readonly string[];
}

/** @param key without it, signatures are not checked */
export function chainVerifier(key: CheckpointKey | undefined): ChainVerifier {
  const problems: Problem[] = [];
  let file = '';
  let lineNumber = 0;
  let position: Position | undefined;
  let previousFile = '';
  let first: number | undefined;
  let records = 0;
  let signed = 0;
  let uncovered = 0;
  let checkpointEvery = Infinity;
  let lastReason: unknown;
  let beginsLater = false;

  function found(problem: string, seq?: number): void {
    problems.push({ file, line: lineNumber, seq, problem });
  }

  function line(bytes: Buffer, isWhole: boolean): void {
    lineNumber++;
    lastReason = undefined;
    const read = readLine(bytes);
    if (!isWhole) {
      found('the file is cut within this line', read?.seq);
      return;
    }
    if (!read) {
      found('this is no record: the line was changed');
      position = position && { seq: position.seq + 1, hashes: [] };
      return;
    }
    follow(read);
  }

  function follow(read: ReadLine): void {
    const { seq, type, record } = read;
    const expected = expectedBefore(read);
    let isInPlace = true;
    if (expected && seq !== expected.seq + 1) {
      isInPlace = false;
      found(misplaced(seq, expected.seq + 1), seq);
    }
    const hashes = isInPlace ? (expected?.hashes ?? []) : [];
    const computed = hashes.map((hash) => hashOf(hash, read.body));
    const before = hashes[computed.indexOf(read.hash)];
    if (before === undefined && hashes.length > 0) found('the line was changed, or the one before it', seq);
    if (type === 'opened' && lineNumber > 1) found('a file begins within this one', seq);
    if (type === 'opened') checkpointEvery = countOf(record['checkpointEvery']);
    if (type === 'resumed' && before !== undefined) {
      const { seq: from, hash } = headIn(record['previous']) ?? {};
      if (from !== seq - 1 || hash !== before) found('it resumes another chain than this one', seq);
    }
    records++;
    first ??= seq;
    if (type === 'checkpoint') checkpoint(read, before);
    else if (++uncovered === checkpointEvery + 1) found('a checkpoint is missing before this line', seq);
    position = { seq, hashes: [...new Set([read.hash, ...computed])] };
  }

  /** Undefined when nothing is known of what comes before. */
  function expectedBefore({ type, record, seq }: ReadLine): Position | undefined {
    if (lineNumber > 1) return position;
    if (type !== 'opened') {
      found('the beginning of the file is missing', seq);
      return position;
    }
    const stated = record['previous'] === undefined ? GENESIS : headIn(record['previous']);
    if (!stated) {
      found('it does not say which file it follows', seq);
      return position;
    }
    if (!position) beginsLater = stated.seq > 0;
    else if (stated.seq !== position.seq || !(position.hashes.length === 0 || position.hashes.includes(stated.hash))) {
      found(`the file does not follow on the end of ${previousFile}: records between them are missing`, seq);
    }
    return { seq: stated.seq, hashes: [stated.hash] };
  }

  function checkpoint({ seq, record }: ReadLine, before: string | undefined): void {
    const problem = checkpointProblem(record, before === undefined ? undefined : { seq: seq - 1, hash: before }, key);
    if (problem !== undefined) return found(problem, seq);
    if (key) signed++;
    uncovered = 0;
    lastReason = record['reason'];
  }

  return {
    beginFile(name) {
      previousFile = file;
      file = name;
      lineNumber = 0;
    },
    line,
    endFile() {
      if (lineNumber > 0) return;
      lineNumber = 1;
      found('the file is empty');
    },
    result: () => ({
      problems,
      records,
      first,
      last: position?.seq,
      signed,
      uncovered,
      isClosed: lastReason === 'closed' || lastReason === 'rotated',
      beginsLater,
    }),
  };
}

function misplaced(seq: number, expected: number): string {
  if (seq < expected) return `record ${seq} stands where record ${expected} is due: it was moved, or is there twice`;
  const missing = seq - expected === 1 ? `record ${expected} is` : `records ${expected} to ${seq - 1} are`;
  return `${missing} missing before this line`;
}

function headIn(value: unknown): Head | undefined {
  const { seq, hash } = (value ?? {}) as Partial<Record<keyof Head, unknown>>;
  return typeof seq === 'number' && typeof hash === 'string' ? { seq, hash } : undefined;
}

function countOf(value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : Infinity;
}
