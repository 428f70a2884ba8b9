/** Every number, time and date that is shown comes from here. An unknown one is a dash, never zero. */
import { language, TAGS } from './i18n';

export const UNKNOWN = '–';

/** A space at which no line breaks. */
const NB = '\u00a0';

type Maybe = number | null | undefined;

const cache = new Map<string, unknown>();

function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${language()}n${JSON.stringify(options)}`;
  let found = cache.get(key) as Intl.NumberFormat | undefined;
  if (!found) cache.set(key, (found = new Intl.NumberFormat(TAGS[language()], options)));
  return found;
}

/** The center's time zone, in which every time and day is told; before it is known, and if this machine does not know it, the reader's. */
let center: string | undefined;

export function setCenterZone(name: string | null | undefined): void {
  try {
    // It throws at a name it does not know; the name itself is kept, as some machines know only older ones.
    center = name && Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone ? name : undefined;
  } catch {
    center = undefined;
  }
}

export const centerZone = (): string => center ?? Intl.DateTimeFormat().resolvedOptions().timeZone;

function dates(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language()}d${centerZone()}${JSON.stringify(options)}`;
  let found = cache.get(key) as Intl.DateTimeFormat | undefined;
  if (!found) cache.set(key, (found = new Intl.DateTimeFormat(TAGS[language()], { hourCycle: 'h23', timeZone: centerZone(), ...options })));
  return found;
}

const known = (value: Maybe): value is number => value !== null && value !== undefined && Number.isFinite(value);
const two = (value: number): string => numbers({ minimumIntegerDigits: 2, useGrouping: false }).format(value);

export const count = (value: Maybe): string => (known(value) ? numbers({ maximumFractionDigits: 0 }).format(value) : UNKNOWN);

export const decimal = (value: Maybe, digits: number): string =>
  known(value) ? numbers({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value) : UNKNOWN;

/** `76.4 %`; the space does not break. */
export const percent = (value: Maybe, digits = 1): string => (known(value) ? `${decimal(value, digits)}\u00a0%` : UNKNOWN);

/** A word as it stands at the head of a line. */
export const headed = (word: string): string => word.charAt(0).toLocaleUpperCase(TAGS[language()]) + word.slice(1);

/** `4:12`, `1:04:12`. Seconds are cut, not rounded: a clock never shows a second that has not passed. */
export function duration(ms: Maybe): string {
  if (!known(ms)) return UNKNOWN;
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** `0.3 s` under ten seconds, `12 s` after: how old the newest news is. */
export function age(ms: Maybe): string {
  if (!known(ms)) return UNKNOWN;
  const seconds = Math.max(0, ms) / 1000;
  if (seconds >= 120) return duration(ms);
  return `${decimal(seconds, seconds < 10 ? 1 : 0)}\u00a0${language() === 'zh' ? '秒' : 's'}`;
}

/** Whole seconds in words: `20 s`, `20 秒`. */
export const seconds = (ms: Maybe): string => (known(ms) ? `${count(ms / 1000)}\u00a0${language() === 'zh' ? '秒' : 's'}` : UNKNOWN);

/** Milliseconds in words: `12 ms`, `12 毫秒`. */
export const millis = (ms: Maybe): string => (known(ms) ? `${count(ms)}${NB}${language() === 'zh' ? '毫秒' : 'ms'}` : UNKNOWN);

/** `14:42:07`. */
export const clock = (at: Maybe): string =>
  known(at) ? dates({ hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(at) : UNKNOWN;

/** `14:42`. */
export const clockShort = (at: Maybe): string => (known(at) ? dates({ hour: '2-digit', minute: '2-digit' }).format(at) : UNKNOWN);

/** `14:42:07.318`, for the messages of one call. */
export const clockFine = (at: Maybe): string =>
  known(at)
    ? dates({ hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 }).format(at).replace(',', '.')
    : UNKNOWN;

/** `12 Nov`, `11-12`. */
export function day(at: Maybe): string {
  if (!known(at)) return UNKNOWN;
  if (language() === 'en') return dates({ day: 'numeric', month: 'short' }).format(at);
  const parts = dates({ day: '2-digit', month: '2-digit' }).formatToParts(at);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  return `${part('month')}-${part('day')}`;
}

export const sameDay = (a: number, b: number): boolean => midnight(a) === midnight(b);

export const DAY_MS = 86_400_000;

/** How far the center's clock is ahead of UTC at a moment. */
function ahead(at: number): number {
  const parts = dates({ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' }).formatToParts(at);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value ?? 0);
  const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return wall - Math.floor(at / 1000) * 1000;
}

/** When the center's day began in which a moment lies, or one so many days before it. */
export function midnight(at: number, daysBefore = 0): number {
  const wall = (Math.floor((at + ahead(at)) / DAY_MS) - daysBefore) * DAY_MS;
  // Between the two the clock may have been changed.
  const near = wall - ahead(wall);
  return wall - ahead(near);
}

/** The clock alone today, with the day otherwise. */
export const moment = (at: Maybe, now: number = Date.now()): string =>
  known(at) ? (sameDay(at, now) ? clock(at) : `${day(at)} ${clock(at)}`) : UNKNOWN;

/** The day, the clock and the zone they are told in, for a title or a detail. */
export const momentFull = (at: Maybe): string =>
  known(at) ? `${dates({ year: 'numeric', month: 'short', day: 'numeric' }).format(at)}, ${clock(at)} ${zone(at)}` : UNKNOWN;

/** `UTC+8`, `UTC`. */
export function zone(at: number): string {
  const minutes = Math.round(ahead(at) / 60_000);
  if (minutes === 0) return 'UTC';
  const hours = Math.floor(Math.abs(minutes) / 60);
  const rest = Math.abs(minutes) % 60;
  return `UTC${minutes < 0 ? '−' : '+'}${hours}${rest ? `:${two(rest)}` : ''}`;
}

/** `+0:37.2`: where in the interaction something happened. */
export function offset(ms: Maybe): string {
  if (!known(ms)) return UNKNOWN;
  const tenths = Math.floor(Math.max(0, ms) / 100) % 10;
  return `${duration(ms)}.${tenths}`;
}

/** `1.2 MB`. */
export function bytes(value: Maybe): string {
  if (!known(value)) return UNKNOWN;
  if (value < 1000) return `${count(value)}\u00a0B`;
  if (value < 1_000_000) return `${decimal(value / 1000, 0)}\u00a0kB`;
  return `${decimal(value / 1_000_000, 1)}\u00a0MB`;
}

/** Country codes of two digits; 1 and 7 have one, all others have three (ITU-T E.164). */
const TWO_DIGITS = /^(?:2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

/**
 * Groups the digits of a full international number so that it can be read aloud: `+86 138 1234 2071`. Without the plus
 * nobody knows where country and area end, so all else stays as it came.
 */
export function phone(number: string): string {
  if (!/^\+[1-9]\d{6,14}$/.test(number)) return number;
  const known = /^(\+86)(1\d{2})(\d{4})(\d{4})$/.exec(number) ?? /^(\+1)(\d{3})(\d{3})(\d{4})$/.exec(number);
  if (known) return known.slice(1).join(NB);
  const digits = number.slice(1);
  const head = /^[17]/.test(digits) ? 1 : TWO_DIGITS.test(digits) ? 2 : 3;
  const groups = digits.slice(head).match(/\d{1,3}(?=(\d{3})*$)/g) ?? [];
  // A group of one digit reads badly: it joins its neighbor.
  if (groups.length > 1 && groups[0]?.length === 1) groups.splice(0, 2, `${groups[0]}${groups[1]}`);
  return [`+${digits.slice(0, head)}`, ...groups].join(NB);
}
