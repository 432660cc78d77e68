import { zoneClock, type ZoneClock } from './zone-clock.ts';

export const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/**
 * What a quota is for: one minute, hour, day, week or month after the other, as the clocks of a time zone show them.
 * `timeZone` is an IANA name, by default UTC.
 */
export type CalendarPeriod = TimePeriod | DayPeriod;

type TimePeriod =
  | { readonly unit: 'minute'; readonly timeZone?: string }
  | { readonly unit: 'hour'; readonly timeZone?: string };

type DayPeriod =
  | { readonly unit: 'day'; readonly timeZone?: string }
  | {
      readonly unit: 'week';
      readonly timeZone?: string;
      /** Default: monday. */
      readonly firstDay?: Weekday;
    }
  | {
      readonly unit: 'month';
      readonly timeZone?: string;
      /** The day on which it begins: 1 to 31, or the last of a month that is too short for it. Default: 1. */
      readonly firstDay?: number;
    };

/** From `startsAt` until before `endsAt`, in ms since 1970. */
export interface Period {
  /** Tells it from all other periods: `month:2026-10-31T23:00Z`. */
  readonly id: string;
  readonly startsAt: number;
  readonly endsAt: number;
}

/** Two periods and the instant at which one gives way to the other. */
export interface Turn {
  readonly before: Period;
  readonly after: Period;
}

export interface Calendar {
  /**
   * The current period and the neighbour that is nearer. Clocks disagree, and so whoever counts is given both and
   * decides by its own clock; that is right as long as it is off by less than half a period.
   *
   * Remembers its last answer, so that it costs nothing for as long as that holds.
   */
  turnNear(at: number): Turn;
}

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const UNITS = ['minute', 'hour', 'day', 'week', 'month'] as const;

/** Throws a RangeError that names the option that is wrong. */
export function createCalendar(period: CalendarPeriod): Calendar {
  if (!UNITS.includes(period.unit)) throw new RangeError(`period.unit takes ${UNITS.join(', ')}, not ${period.unit}.`);
  if (period.unit === 'week' && period.firstDay !== undefined && !WEEKDAYS.includes(period.firstDay)) {
    throw new RangeError(`period.firstDay of a week takes ${WEEKDAYS.join(', ')}, not ${period.firstDay}.`);
  }
  if (period.unit === 'month' && period.firstDay !== undefined && !isDayOfMonth(period.firstDay)) {
    throw new RangeError(`period.firstDay of a month takes a whole number from 1 to 31, not ${period.firstDay}.`);
  }
  const clock = clockOf(period);
  let turn: Turn | undefined;
  let from = 0;
  let until = 0;

  return {
    turnNear(at) {
      if (turn === undefined || at < from || at >= until) {
        const current = periodBy(clock, period, at);
        turn =
          at < middleOf(current)
            ? { before: periodBy(clock, period, current.startsAt - 1), after: current }
            : { before: current, after: periodBy(clock, period, current.endsAt) };
        from = middleOf(turn.before);
        until = middleOf(turn.after);
      }
      return turn;
    },
  };
}

/** The period that an instant is in (ms since 1970). Builds the time zone's clock anew: see `createCalendar`. */
export function periodOf(period: CalendarPeriod, at: number): Period {
  return periodBy(clockOf(period), period, at);
}

function clockOf({ timeZone = 'UTC' }: CalendarPeriod): ZoneClock {
  try {
    return zoneClock(timeZone);
  } catch {
    throw new RangeError(`period.timeZone takes an IANA name such as Europe/Berlin, not ${timeZone}.`);
  }
}

function periodBy(clock: ZoneClock, period: CalendarPeriod, at: number): Period {
  const { startsAt, endsAt } = spanOf(clock, period, at);
  return { id: `${period.unit}:${new Date(startsAt).toISOString().slice(0, 16)}Z`, startsAt, endsAt };
}

type Span = Omit<Period, 'id'>;

function spanOf(clock: ZoneClock, period: CalendarPeriod, at: number): Span {
  if (period.unit === 'minute' || period.unit === 'hour') {
    // Steps of the same length from midnight on: whichever way clocks are set, no period is longer than it is called.
    const length = period.unit === 'minute' ? MINUTE : HOUR;
    const day = spanOfDays(clock, { unit: 'day' }, at);
    const startsAt = day.startsAt + Math.floor((at - day.startsAt) / length) * length;
    return { startsAt, endsAt: Math.min(startsAt + length, day.endsAt) };
  }
  return spanOfDays(clock, period, at);
}

function spanOfDays(clock: ZoneClock, period: DayPeriod, at: number): Span {
  let first = firstDayOf(period, midnight(clock.shows(at)));
  let endsAt = clock.firstShows(nextFirstDay(period, first));
  // Where clocks are set back past midnight, they show a day again that is over.
  while (endsAt <= at) {
    first = nextFirstDay(period, first);
    endsAt = clock.firstShows(nextFirstDay(period, first));
  }
  return { startsAt: clock.firstShows(first), endsAt };
}

/** The first day of the period that a day is in. Days are given by their midnight, as clocks show it. */
function firstDayOf(period: DayPeriod, day: number): number {
  if (period.unit === 'day') return day;
  const date = new Date(day);
  if (period.unit === 'week') {
    const first = WEEKDAYS.indexOf(period.firstDay ?? 'monday');
    return day - ((date.getUTCDay() - first + 7) % 7) * DAY;
  }
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const first = firstDayOfMonth(period.firstDay, year, month);
  return first <= day ? first : firstDayOfMonth(period.firstDay, year, month - 1);
}

function nextFirstDay(period: DayPeriod, first: number): number {
  if (period.unit === 'day') return first + DAY;
  if (period.unit === 'week') return first + 7 * DAY;
  const date = new Date(first);
  return firstDayOfMonth(period.firstDay, date.getUTCFullYear(), date.getUTCMonth() + 1);
}

function firstDayOfMonth(firstDay = 1, year: number, month: number): number {
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(firstDay, lastDay));
}

function isDayOfMonth(day: number): boolean {
  return Number.isInteger(day) && day >= 1 && day <= 31;
}

function midnight(shown: number): number {
  return Math.floor(shown / DAY) * DAY;
}

function middleOf({ startsAt, endsAt }: Period): number {
  return (startsAt + endsAt) / 2;
}
