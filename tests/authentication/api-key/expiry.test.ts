import { describe, expect, it } from 'vitest';
import { parseExpiry } from '../../../plugins/authentication/api-key/expiry.ts';

const NOW = new Date('2030-01-31T12:00:00.000Z');

describe('when a key expires', () => {
  it.each([
    ['1d', '2030-02-01T12:00:00.000Z'],
    ['30d', '2030-03-02T12:00:00.000Z'],
    ['2030-02-01', '2030-02-01T00:00:00.000Z'],
    ['2032-02-29', '2032-02-29T00:00:00.000Z'],
    ['2030-02-01T12:30Z', '2030-02-01T12:30:00.000Z'],
    ['2030-02-01T12:30:15.5+02:00', '2030-02-01T10:30:15.500Z'],
  ])('may be said as %s', (text, expected) => {
    expect(parseExpiry(text, NOW).toISOString()).toBe(expected);
  });

  it.each([
    '',
    '30',
    'd',
    '-1d',
    '1.5d',
    '30D',
    '1e3d',
    'tomorrow',
    '2030',
    '2031-02-29',
    '2030-02-31',
    '2030-13-01',
    '2030-02-01T25:00Z',
  ])('is not understood when it is %j', (text) => {
    expect(() => parseExpiry(text, NOW)).toThrow('is no expiry');
  });

  it('is not taken without an offset from UTC: it would hang on where the command runs', () => {
    expect(() => parseExpiry('2030-02-01T12:30', NOW)).toThrow('is no expiry');
  });

  it.each(['0d', '2030-01-31', '2030-01-31T12:00:00Z', '1999-01-01'])('is not taken when it is past: %s', (text) => {
    expect(() => parseExpiry(text, NOW)).toThrow('is in the past');
  });
});
