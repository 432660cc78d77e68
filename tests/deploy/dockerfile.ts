/** What follows CMD: `["node", "x"]` (exec form) or a line for a shell. */
export type Command =
  | { readonly form: 'exec'; readonly words: readonly string[] }
  | { readonly form: 'shell'; readonly text: string };

export interface Copy {
  /** The stage it is copied from; undefined: the build context. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly destination: string;
}

export interface Stage {
  /** An image of a registry, or the name of an earlier stage. */
  readonly from: string;
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

export interface Instruction {
  readonly keyword: string;
  readonly flags: Readonly<Record<string, string | true>>;
  readonly rest: string;
}

/** A stage with all that it has from the stages below it, the undermost first. */
export interface Image {
  readonly base: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string | undefined;
  readonly folder: string | undefined;
  readonly command: Command | undefined;
  readonly healthcheck: Command | undefined;
  readonly ports: readonly number[];
  readonly copies: readonly Copy[];
  readonly runs: readonly string[];
}

/** The part of the Dockerfile reference that the repository's own file uses; anything else throws. */
export function parseDockerfile(text: string): Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');

  const stages: { from: string; name: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const instruction = parseInstruction(line);
    if (instruction.keyword === 'FROM') {
      const [, from, name] = /^(\S+) AS (\S+)$/.exec(instruction.rest) ?? [];
      if (from === undefined || name === undefined) throw new Error(`"${line}" is not FROM image AS name`);
      stages.push({ from, name, instructions: [] });
    } else {
      const stage = stages.at(-1);
      if (!stage) throw new Error(`"${line}" stands before the first FROM`);
      stage.instructions.push(instruction);
    }
  }
  return stages;
}

function parseInstruction(line: string): Instruction {
  const [, keyword, allFlags = '', rest] = /^([A-Z]+)((?:\s+--\S+)*)\s+(.*)$/.exec(line.trim()) ?? [];
  if (keyword === undefined || rest === undefined) throw new Error(`"${line}" is not an instruction`);
  if (rest.includes('<<')) throw new Error(`"${line}" has a here-document, which is not read here`);
  const flags = allFlags.split(/\s+/).filter((flag) => flag !== '');
  return {
    keyword,
    rest: rest.trim(),
    flags: Object.fromEntries(
      flags.map((flag) => {
        const [name = '', value] = flag.slice(2).split(/=(.*)/s);
        return [name, value ?? true];
      }),
    ),
  };
}

/** Throws when there is no such stage. */
export function imageOf(stages: readonly Stage[], target: string): Image {
  const stage = stages.find(({ name }) => name === target);
  if (!stage) throw new Error(`the Dockerfile has no stage "${target}"`);
  const below = stages.some(({ name }) => name === stage.from) ? imageOf(stages, stage.from) : emptyImage(stage.from);
  return stage.instructions.reduce(withInstruction, below);
}

function emptyImage(base: string): Image {
  return {
    base,
    env: {},
    user: undefined,
    folder: undefined,
    command: undefined,
    healthcheck: undefined,
    ports: [],
    copies: [],
    runs: [],
  };
}

function withInstruction(image: Image, { keyword, flags, rest }: Instruction): Image {
  switch (keyword) {
    case 'ENV':
      return { ...image, env: { ...image.env, ...parseEnv(rest) } };
    case 'USER':
      return { ...image, user: rest };
    case 'WORKDIR':
      return { ...image, folder: rest };
    case 'CMD':
      return { ...image, command: parseCommand(rest) };
    case 'HEALTHCHECK':
      return { ...image, healthcheck: parseCommand(rest.replace(/^CMD\s+/, '')) };
    case 'EXPOSE':
      return { ...image, ports: [...image.ports, ...rest.split(/\s+/).map(Number)] };
    case 'RUN':
      return { ...image, runs: [...image.runs, rest] };
    case 'COPY':
      return { ...image, copies: [...image.copies, parseCopy(flags, rest)] };
    default:
      throw new Error(`${keyword} is not read here`);
  }
}

function parseEnv(rest: string): Record<string, string> {
  return Object.fromEntries(
    rest.split(/\s+/).map((pair) => {
      const [, name, value] = /^(\w+)=([^'"$]*)$/.exec(pair) ?? [];
      if (name === undefined || value === undefined) throw new Error(`ENV ${rest}: "${pair}" is not NAME=value`);
      return [name, value];
    }),
  );
}

function parseCommand(rest: string): Command {
  if (!rest.startsWith('[')) return { form: 'shell', text: rest };
  return { form: 'exec', words: JSON.parse(rest) as string[] };
}

/** The words of a command in exec form; throws for one that needs a shell. */
export function execWords(command: Command | undefined): readonly string[] {
  if (command?.form !== 'exec') throw new Error(`${JSON.stringify(command)} is not in exec form`);
  return command.words;
}

function parseCopy(flags: Instruction['flags'], rest: string): Copy {
  const paths = rest.split(/\s+/);
  const { from } = flags;
  return {
    from: typeof from === 'string' ? from : undefined,
    sources: paths.slice(0, -1),
    destination: paths.at(-1) ?? '',
  };
}
