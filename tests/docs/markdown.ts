import { posix } from 'node:path';

/** A link of a page to something in the repository. */
export interface LocalLink {
  /** In the repository. */
  readonly path: string;
  readonly anchor: string | undefined;
}

const CODE = /```[\s\S]*?```|`[^`\n]*`/g;
const LINK = /\[(?:[^\]]*)\]\(([^)\s]+)\)/g;
const HEADING = /^#{1,6} +(.+?) *#*$/gm;

/** Links that begin with a scheme lead elsewhere, and are left out. */
export function localLinks(page: string, text: string): LocalLink[] {
  const targets = [...text.replaceAll(CODE, '').matchAll(LINK)].map(([, target = '']) => target);
  return targets
    .filter((target) => !/^[a-z][a-z+.-]*:/i.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#');
      return { path: path === '' ? page : posix.normalize(posix.join(posix.dirname(page), path)), anchor };
    });
}

/** What headings can be linked to by, as GitHub names them. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  const withoutBlocks = text.replaceAll(/```[\s\S]*?```/g, '');
  for (const [, heading = ''] of withoutBlocks.matchAll(HEADING)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const name = words.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-');
    let anchor = name;
    for (let again = 1; anchors.has(anchor); again++) anchor = `${name}-${again}`;
    anchors.add(anchor);
  }
  return anchors;
}
