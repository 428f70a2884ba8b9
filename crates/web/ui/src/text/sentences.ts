/** Reasons, which come as data from the code that decided, told as sentences. */
import type { CallLimit, OfferWhy, PassedOver, WaitWhy } from '../api/types';
import { count, duration } from './format';
import { t } from './i18n';

/** How an agent's id is written for people. */
export type NameOf = (agent: string) => string;

export const asIs: NameOf = (agent) => agent;

/** Why an interaction still waits. */
export function whyWaiting(why: WaitWhy | null | undefined): string {
  switch (why?.code) {
    case undefined:
      return t('why.being_offered');
    case 'nobody_logged_in':
      return t('why.nobody_logged_in');
    case 'nobody_fits':
      return t('why.nobody_fits', { skill: why.skill, needed: count(why.needed) });
    case 'all_busy': {
      const parts = [
        why.talking > 0 && t('why.busy.talking', { n: why.talking }),
        why.wrap_up > 0 && t('why.busy.wrap_up', { n: why.wrap_up }),
        why.not_ready > 0 && t('why.busy.not_ready', { n: why.not_ready }),
      ].filter((part) => part !== false);
      return parts.length > 0 ? t('why.all_busy', { who: parts.join(t('list.comma')) }) : t('why.all_busy_plain');
    }
    default:
      // A newer server may know reasons that this page does not.
      return t('why.unknown');
  }
}

/** Why this agent: the one sentence beside the offer. */
export function whyOffered(why: OfferWhy): string {
  if (why.rule !== 'longest_idle') return t('why.offer.rule', { rule: why.rule, idle: duration(why.idle_ms) });
  if (why.candidates <= 1) return t('why.offer.only', { idle: duration(why.idle_ms) });
  return t('why.offer.longest', { idle: duration(why.idle_ms), candidates: why.candidates });
}

/** What the agent had to be able to do; empty when nothing was asked for. */
export function whySkills(why: OfferWhy): string {
  return why.skills.map((one) => t('why.skill', { skill: one.skill, has: count(one.has), needed: count(one.needed) })).join(t('list.comma'));
}

/** Where the interaction stood when it was taken. */
export function whyNow(why: OfferWhy): string {
  const place = t('why.place', { waited: duration(why.waited_ms), position: count(why.position) });
  return why.priority === 0 ? place : `${place}${t('list.comma')}${t('why.priority', { priority: count(why.priority) })}`;
}

/** Why one ready agent was not chosen. */
export function whyPassedOver(one: PassedOver): string {
  switch (one.code) {
    case 'idle_less':
      return t('why.passed.idle_less', { idle: duration(one.idle_ms) });
    case 'lacks':
      return (one.has ?? 0) === 0
        ? t('why.passed.lacks', { skill: one.skill ?? '' })
        : t('why.passed.below', { skill: one.skill ?? '', has: count(one.has), needed: count(one.needed) });
    case 'asked_before':
      return t('why.passed.asked_before');
    default:
      return t('why.unknown');
  }
}

/** Who was passed over and why, in one line. */
export function whoPassedOver(why: OfferWhy, nameOf: NameOf): string {
  if (why.passed_over.length === 0) return '';
  const who = why.passed_over.map((one) => t('why.passed.one', { agent: nameOf(one.agent), why: whyPassedOver(one) }));
  return t('why.passed.all', { who: who.join(t('list.comma')) });
}

const REASONS = ['logged_in', 'not_ready', 'no_answer', 'unreachable', 'lunch', 'break', 'meeting', 'training'] as const;
const CAUSES = ['hung_up', 'released', 'busy', 'no_answer', 'declined', 'unreachable', 'refused', 'lost', 'limit'] as const;
const LIMITS = ['calls_max', 'calls_per_second', 'at_once', 'per_hour', 'per_day', 'ports'] as const;

const isOneOf = <T extends string>(all: readonly T[], word: string): word is T => (all as readonly string[]).includes(word);

/** Why an agent takes nothing: our words for ours, the center's own word as it is. */
export function notReadyReason(reason: string | null | undefined): string {
  if (!reason || reason === 'not_ready') return '';
  return isOneOf(REASONS, reason) && reason !== 'not_ready' ? t(`reason.${reason}`) : reason;
}

/** A limit of ours as the configuration names it, and whose it is. */
export function limitWords(limit: CallLimit): string {
  const { key, trunk, phone, max } = limit;
  return isOneOf(LIMITS, key) ? t(`limit.${key}`, { trunk: trunk ?? '', phone: phone ?? '', max: count(max) }) : key;
}

/** Why a leg ended or an offer was not taken. */
export function causeOf(cause: string, status?: number | null, limit?: CallLimit | null): string {
  if (!isOneOf(CAUSES, cause)) return cause;
  const word = t(`cause.${cause}`);
  if (cause === 'limit' && limit) return `${word}: ${limitWords(limit)}`;
  return cause === 'refused' && status ? `${word} (${status})` : word;
}

/** What is wrong with a trunk, in the reader's words where it is one of the usual things. */
export function whyTrunk(why: string | null | undefined): string {
  switch (why) {
    case null:
    case undefined:
      return '';
    case 'it does not answer':
      return t('trunk.why.silent');
    case 'it does not answer OPTIONS':
      return t('trunk.why.no_options');
    case 'it does not answer REGISTER':
      return t('trunk.why.no_register');
    case 'it cannot be reached':
      return t('trunk.why.unreachable');
    default: {
      const status = /^it answers (.+) to OPTIONS$/.exec(why)?.[1];
      return status ? t('trunk.why.status', { status }) : why;
    }
  }
}
