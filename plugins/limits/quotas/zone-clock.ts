const DAY = 86_400_000;

/** What the clocks on the walls of a time zone show, as if it were UTC: ms since 1970. */
export interface ZoneClock {
  /** What is shown at an instant. */
  shows(at: number): number;
  /**
   * The instant at which the clocks first show this or later. Where they are set forward over it, that is when they are
   * set; where they are set back, it is the first of the two times.
   */
  firstShows(shown: number): number;
}

/** The clock of an IANA time zone. Throws a RangeError for one that is not known. */
export function zoneClock(timeZone: string): ZoneClock {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });

  function offset(at: number): number {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const [year = 0, month = 1, ...rest] = (['year', 'month', 'day', 'hour', 'minute', 'second'] as const).map((part) =>
      parts.get(part),
    );
    const [day, hour, minute, second] = rest;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
  }

  const shows = (at: number): number => at + offset(at);

  return {
    shows,

    firstShows(shown) {
      // No offset is as large as a day, and none changes twice within two days.
      const before = shown - offset(shown - DAY);
      if (shows(before) === shown) return before;
      const after = shown - offset(shown + DAY);
      if (shows(after) === shown) return after;
      let [earlier, later] = [after, before];
      while (later - earlier > 1) {
        const middle = Math.floor((earlier + later) / 2);
        if (shows(middle) >= shown) later = middle;
        else earlier = middle;
      }
      return later;
    },
  };
}
