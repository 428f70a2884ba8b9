/** Alerts in words: the badge's, the row's, and the sentence that is spoken. */
import type { AlertView } from '../api/types';
import { t } from './i18n';

/** What it is, in one or two words. */
export function alertWord(alert: AlertView): string {
  if (alert.kind === 'emergency') return t('alerts.word');
  return t(alert.way === 'out' ? 'alerts.deaf.word' : 'alerts.mute.word');
}

/** What it is, whole. */
export function alertTitle(alert: AlertView): string {
  return alert.kind === 'emergency' ? t('alerts.emergency', { number: alert.number ?? '' }) : alertWord(alert);
}

/** What it is, and about whom. */
export function alertSentence(alert: AlertView, who: string): string {
  if (alert.kind === 'emergency') return t('alerts.say', { who, number: alert.number ?? '' });
  return t(alert.way === 'out' ? 'alerts.deaf' : 'alerts.mute', { who });
}
