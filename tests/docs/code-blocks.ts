import { readText, workingTree } from '../deploy/repository.ts';

const FILE_BLOCK = /<!-- ([\w.-]+\/\S+) -->\n```(\w+)\n([\s\S]*?)```/g;

/** A block of code of which a page says, in a comment before it, that it is a file of the repository. */
export interface FileBlock {
  readonly page: string;
  readonly file: string;
  readonly code: string;
}

export function pages(): string[] {
  return workingTree().filter((path) => path.endsWith('.md') && !path.includes('node_modules/'));
}

export function fileBlocks(): FileBlock[] {
  return pages().flatMap((page) =>
    [...readText(page).matchAll(FILE_BLOCK)].map(([, file = '', , code = '']) => ({ page, file, code })),
  );
}
