/** The center's day, which begins at midnight UTC, told to a reader who may live elsewhere. */
import { clockShort, day, sameDay } from './format';
import { t } from './i18n';

export const DAY_MS = 86_400_000;

/** The day's beginning in UTC. */
export const midnight = (now: number): number => Math.floor(now / DAY_MS) * DAY_MS;

/** Today as the center counts it, and when that began on the reader's own clock. */
export function todayText(now: number): string {
  const began = midnight(now);
  if (new Date(began).getTimezoneOffset() === 0) return t('day.today_utc');
  return t('day.today', { from: sameDay(began, now) ? clockShort(began) : `${day(began)} ${clockShort(began)}` });
}
