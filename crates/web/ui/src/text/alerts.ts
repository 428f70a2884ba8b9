/** Alerts in words: the badge's, the row's, and the sentence that is spoken. */
import type { AlertView } from '../api/types';
import { bytes } from './format';
import { t } from './i18n';
import { limitWords } from './sentences';

/** What it is, in one or two words. */
export function alertWord(alert: AlertView): string {
  switch (alert.kind) {
    case 'emergency':
      return t('alerts.word');
    case 'one_way':
      return t(alert.way === 'out' ? 'alerts.deaf.word' : 'alerts.mute.word');
    case 'recordings_low':
      return t('alerts.disk_low.word');
    case 'recordings_full':
      return t('alerts.disk_full.word');
    case 'limit_reached':
      return t('alerts.limit.word');
    default:
      // A newer server may know kinds of alerts that this page does not.
      return alert.kind as string;
  }
}

/** What it is, whole. */
export function alertTitle(alert: AlertView): string {
  switch (alert.kind) {
    case 'emergency':
      return t('alerts.emergency', { number: alert.number ?? '' });
    case 'recordings_low':
      return t('alerts.disk_low', { free: bytes(alert.free_bytes ?? 0) });
    case 'recordings_full':
      return t('alerts.disk_full');
    case 'limit_reached':
      return t('alerts.limit', { limit: alert.limit ? limitWords(alert.limit) : '', n: alert.calls ?? 1 });
    default:
      return alertWord(alert);
  }
}

/** What it is, and about whom. */
export function alertSentence(alert: AlertView, who: string): string {
  switch (alert.kind) {
    case 'emergency':
      return t('alerts.say', { who, number: alert.number ?? '' });
    case 'one_way':
      return t(alert.way === 'out' ? 'alerts.deaf' : 'alerts.mute', { who });
    default:
      return alertTitle(alert);
  }
}
