const DEFAULT = /\s*\bDefaults?: ((?:[^.]|\.(?!\s|$))+)(?:\.|$)/;
const WITHOUT = /\bwithout (?:it|one)\b|\bneeded (?:for|with)\b/i;

/** What a docstring says of an option that is not given. */
export interface Words {
  /** The docstring without its default. */
  readonly what: string;
  /** As the docstring has it; `none` where it says what is so without the option. Undefined when it says nothing. */
  readonly byDefault: string | undefined;
}

/** Reads `Default: ...` up to the end of its sentence; it may hold periods that no space follows. */
export function defaultIn(docstring: string): Words {
  const found = DEFAULT.exec(docstring);
  if (!found) return { what: docstring, byDefault: WITHOUT.test(docstring) ? 'none' : undefined };
  const [sentence, byDefault] = found;
  return { what: docstring.replace(sentence, '').trim(), byDefault };
}
