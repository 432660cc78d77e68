import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { createCalendar, periodOf, WEEKDAYS, type CalendarPeriod } from '../../plugins/limits/quotas/calendar.ts';

const HOUR = 3_600_000;
const at = (text: string): number => Date.parse(text);
const span = (period: CalendarPeriod, text: string): string => {
  const { startsAt, endsAt } = periodOf(period, at(text));
  return `${new Date(startsAt).toISOString()} ${new Date(endsAt).toISOString()}`.replaceAll(':00.000Z', 'Z');
};

describe('a period', () => {
  it.each<[string, CalendarPeriod, string, string]>([
    ['a minute', { unit: 'minute' }, '2026-11-23T10:20:30.5Z', '2026-11-23T10:20Z 2026-11-23T10:21Z'],
    ['an hour', { unit: 'hour' }, '2026-11-23T10:20:30Z', '2026-11-23T10:00Z 2026-11-23T11:00Z'],
    [
      'an hour of Kathmandu (+5:45)',
      { unit: 'hour', timeZone: 'Asia/Kathmandu' },
      '2026-11-23T10:20Z',
      '2026-11-23T10:15Z 2026-11-23T11:15Z',
    ],
    ['a day', { unit: 'day' }, '2026-11-23T10:20Z', '2026-11-23T00:00Z 2026-11-24T00:00Z'],
    [
      'a day in Berlin',
      { unit: 'day', timeZone: 'Europe/Berlin' },
      '2026-11-23T23:20Z',
      '2026-11-23T23:00Z 2026-11-24T23:00Z',
    ],
    [
      'a day of 23 hours',
      { unit: 'day', timeZone: 'Europe/Berlin' },
      '2026-03-29T12:00Z',
      '2026-03-28T23:00Z 2026-03-29T22:00Z',
    ],
    [
      'a day of 25 hours',
      { unit: 'day', timeZone: 'Europe/Berlin' },
      '2026-10-25T12:00Z',
      '2026-10-24T22:00Z 2026-10-25T23:00Z',
    ],
    [
      'each of two hours of one name',
      { unit: 'hour', timeZone: 'Europe/Berlin' },
      '2026-10-25T01:30Z',
      '2026-10-25T01:00Z 2026-10-25T02:00Z',
    ],
    [
      'a day that begins at 1:00, midnight being skipped',
      { unit: 'day', timeZone: 'America/Santiago' },
      '2026-09-06T12:00Z',
      '2026-09-06T04:00Z 2026-09-07T03:00Z',
    ],
    [
      'a day that begins at half past, midnight being skipped from half before',
      { unit: 'day', timeZone: 'America/Toronto' },
      '1919-03-31T12:00Z',
      '1919-03-31T04:30Z 1919-04-01T04:00Z',
    ],
    [
      'a day with two midnights, from the first',
      { unit: 'day', timeZone: 'America/Havana' },
      '2026-11-01T12:00Z',
      '2026-11-01T04:00Z 2026-11-02T05:00Z',
    ],
    [
      'the day before one that never was',
      { unit: 'day', timeZone: 'Pacific/Apia' },
      '2011-12-30T09:00Z',
      '2011-12-29T10:00Z 2011-12-30T10:00Z',
    ],
    [
      'the day after one that never was',
      { unit: 'day', timeZone: 'Pacific/Apia' },
      '2011-12-30T10:00Z',
      '2011-12-30T10:00Z 2011-12-31T10:00Z',
    ],
    [
      'a day that a clock shows again when it is over',
      { unit: 'day', timeZone: 'America/St_Johns' },
      '2010-11-07T02:45Z',
      '2010-11-07T02:30Z 2010-11-08T03:30Z',
    ],
    ['a week, from Monday', { unit: 'week' }, '2026-11-29T23:59Z', '2026-11-23T00:00Z 2026-11-30T00:00Z'],
    [
      'a week from Sunday',
      { unit: 'week', firstDay: 'sunday' },
      '2026-11-29T00:00Z',
      '2026-11-29T00:00Z 2026-12-06T00:00Z',
    ],
    ['a month', { unit: 'month' }, '2028-02-29T12:00Z', '2028-02-01T00:00Z 2028-03-01T00:00Z'],
    [
      'a month from the 15th',
      { unit: 'month', firstDay: 15 },
      '2027-01-14T12:00Z',
      '2026-12-15T00:00Z 2027-01-15T00:00Z',
    ],
    [
      'a month from the 31st, in February',
      { unit: 'month', firstDay: 31 },
      '2027-02-28T00:00Z',
      '2027-02-28T00:00Z 2027-03-31T00:00Z',
    ],
    [
      'a month from the 31st, before that',
      { unit: 'month', firstDay: 31 },
      '2027-02-27T23:59Z',
      '2027-01-31T00:00Z 2027-02-28T00:00Z',
    ],
    [
      'a month of Los Angeles',
      { unit: 'month', timeZone: 'America/Los_Angeles' },
      '2026-11-15T00:00Z',
      '2026-11-01T07:00Z 2026-12-01T08:00Z',
    ],
  ])('is %s', (_, period, instant, expected) => {
    expect(span(period, instant)).toBe(expected);
  });

  it('has an id of its own', () => {
    expect(periodOf({ unit: 'month', timeZone: 'Europe/Berlin' }, at('2026-11-23T12:00Z')).id).toBe(
      'month:2026-10-31T23:00Z',
    );
    expect(periodOf({ unit: 'week', firstDay: 'sunday' }, at('2026-11-01T12:00Z')).id).not.toBe(
      periodOf({ unit: 'month' }, at('2026-11-01T12:00Z')).id,
    );
  });

  const zones = fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'Pacific/Apia',
    'America/St_Johns',
    'America/Havana',
    'America/Sao_Paulo',
    'Africa/Casablanca',
    'Pacific/Chatham',
  );
  const periods: fc.Arbitrary<CalendarPeriod> = fc.oneof(
    fc.record({
      unit: fc.constantFrom('minute' as const, 'hour' as const, 'day' as const),
      timeZone: zones,
    }) as fc.Arbitrary<CalendarPeriod>,
    fc.record({ unit: fc.constant('week' as const), timeZone: zones, firstDay: fc.constantFrom(...WEEKDAYS) }),
    fc.record({ unit: fc.constant('month' as const), timeZone: zones, firstDay: fc.integer({ min: 1, max: 31 }) }),
  );
  const instants = fc.integer({ min: at('2006-01-01T00:00Z'), max: at('2036-01-01T00:00Z') });
  /** The longest there is of each: a clock may be set back by an hour or, at Lord Howe, by a half. */
  const longest = { minute: 60_000, hour: HOUR, day: 25 * HOUR, week: 169 * HOUR, month: 31 * 24 * HOUR + HOUR };

  it('holds its instants, and the next begins where it ends', () => {
    fc.assert(
      fc.property(periods, instants, (period, instant) => {
        const { id, startsAt, endsAt } = periodOf(period, instant);
        expect(startsAt <= instant && instant < endsAt).toBe(true);
        expect(endsAt - startsAt).toBeLessThanOrEqual(longest[period.unit]);
        expect(periodOf(period, startsAt).id).toBe(id);
        expect(periodOf(period, endsAt - 1).id).toBe(id);
        const next = periodOf(period, endsAt);
        expect(next.startsAt).toBe(endsAt);
        expect(next.id).not.toBe(id);
        expect(periodOf(period, startsAt - 1).endsAt).toBe(startsAt);
      }),
      { numRuns: 400 },
    );
  });

  it('of days begins when the clocks of its zone first show the day', () => {
    const days = fc.record({ unit: fc.constant('day' as const), timeZone: zones });
    fc.assert(
      fc.property(days, instants, (period, instant) => {
        const { startsAt } = periodOf(period, instant);
        const format = new Intl.DateTimeFormat('sv', {
          timeZone: period.timeZone,
          dateStyle: 'short',
          timeStyle: 'medium',
        });
        const date = (when: number): string => format.format(when).slice(0, 10);
        expect(date(startsAt - 1) < date(startsAt)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a calendar', () => {
  it('gives the current period with the neighbour that is nearer', () => {
    const calendar = createCalendar({ unit: 'day' });
    const [late, early] = [calendar.turnNear(at('2026-11-23T12:00Z')), calendar.turnNear(at('2026-11-24T11:59Z'))];
    expect(late.before.id).toBe('day:2026-11-23T00:00Z');
    expect(late.after.id).toBe('day:2026-11-24T00:00Z');
    expect(early).toBe(late);
    expect(calendar.turnNear(at('2026-11-24T12:00Z')).before.id).toBe('day:2026-11-24T00:00Z');
    expect(calendar.turnNear(at('2026-11-23T11:59Z')).before.id).toBe('day:2026-11-22T00:00Z');
  });

  it('asks for the time zone only when another period comes near', () => {
    const calendar = createCalendar({ unit: 'month', timeZone: 'Europe/Berlin' });
    const turn = calendar.turnNear(at('2026-11-23T12:00Z'));
    const format = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts');
    for (let day = 0; day < 20; day++) expect(calendar.turnNear(at('2026-11-20T00:00Z') + day * 24 * HOUR)).toBe(turn);
    expect(format).not.toHaveBeenCalled();
    format.mockRestore();
  });

  it.each<[unknown, RegExp]>([
    [{ unit: 'year' }, /^period\.unit takes minute, hour, day, week, month, not year\.$/],
    [
      { unit: 'day', timeZone: 'Mars/Olympus' },
      /^period\.timeZone takes an IANA name such as Europe\/Berlin, not Mars\/Olympus\.$/,
    ],
    [{ unit: 'week', firstDay: 'Caturday' }, /^period\.firstDay of a week takes sunday, .*, not Caturday\.$/],
    [{ unit: 'month', firstDay: 0 }, /^period\.firstDay of a month takes a whole number from 1 to 31, not 0\.$/],
    [{ unit: 'month', firstDay: 1.5 }, /from 1 to 31, not 1\.5\.$/],
  ])('refuses %j', (period, message) => {
    expect(() => createCalendar(period as CalendarPeriod)).toThrow(message);
    expect(() => createCalendar(period as CalendarPeriod)).toThrow(RangeError);
  });
});
