/** The settings of a unit, by section and name; those that are given several times have several values. */
export type SystemdUnit = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** Reads the syntax of systemd.syntax(7) as far as the repository's own unit uses it: no continued lines. Throws for others. */
export function parseUnit(text: string): SystemdUnit {
  const unit = new Map<string, Map<string, string[]>>();
  let section: Map<string, string[]> | undefined;
  for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
    const [, title] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, name, value] = /^(\w+)=(.*[^\\]|)$/.exec(line) ?? [];
    if (title !== undefined) unit.set(title, (section = new Map()));
    else if (section && name !== undefined && value !== undefined)
      section.set(name, [...(section.get(name) ?? []), value]);
    else throw new Error(`"${line}" is not read here`);
  }
  return unit;
}
