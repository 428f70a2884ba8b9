/** The center's day, told to a reader who may live elsewhere. */
import { centerZone, zone } from './format';
import { t } from './i18n';

/** Today as the center counts it, with its zone where the reader's clock shows another time. */
export function todayText(now: number): string {
  return -new Date(now).getTimezoneOffset() === minutesAhead(zone(now)) ? t('day.today') : t('day.today_there', { zone: centerZone() });
}

/** What `UTC+5:30` says, in minutes. */
function minutesAhead(text: string): number {
  const [, sign, hours, minutes] = /^UTC(?:([+−])(\d+)(?::(\d+))?)?$/.exec(text) ?? [];
  return (sign === '−' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
}
