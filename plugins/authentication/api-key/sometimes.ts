const PAUSE_MS = 10_000;

type WriteLine = (attributes: object, message: string) => void;

/** Writes a message, whatever its attributes, at most once in 10 s: what fails for every request would fill the log. */
export function sometimes(write: WriteLine): WriteLine {
  const writtenAt = new Map<string, number>();
  return (attributes, message) => {
    const now = performance.now();
    if (now - (writtenAt.get(message) ?? -Infinity) < PAUSE_MS) return;
    writtenAt.set(message, now);
    write(attributes, message);
  };
}
