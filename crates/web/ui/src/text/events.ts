/** Every line of a timeline as a sentence, and beside routing decisions the reason. */
import type { Line, Outcome } from '../api/types';
import { OUTCOMES } from '../api/types';
import { count, duration, phone } from './format';
import { t } from './i18n';
import { numberBeside, partyName } from './party';
import { causeOf, notReadyReason, whoPassedOver, whyNow, whyOffered, whySkills, whyWaiting, type NameOf } from './sentences';

const VERBS = ['say', 'ask', 'queue', 'record', 'transfer', 'set', 'end', 'hours', 'echo', 'music', 'conference'] as const;
const STATES = ['ready', 'reserved', 'talking', 'wrap_up', 'not_ready', 'logged_out'] as const;

const isOneOf = <T extends string>(all: readonly T[], word: string): word is T => (all as readonly string[]).includes(word);

export const stateWord = (state: string): string => (isOneOf(STATES, state) ? t(`state.${state}`) : state);
export const outcomeWord = (outcome: Outcome): string => (isOneOf(OUTCOMES, outcome) ? t(`outcome.${outcome}`) : outcome);

/** `trunk:carrier` and `user:1001` in words; what a newer server may say otherwise stays as it is. */
export function originWords(origin: string): string {
  const [, kind, name] = /^(trunk|user):(.+)$/.exec(origin) ?? [];
  if (!name) return origin;
  return kind === 'trunk' ? t('origin.trunk', { name }) : t('origin.user', { name });
}

/** Whether a trouble is only that nobody has the number dialled: the caller's mistake, not the center's. */
export const isWrongNumber = (line: Line): boolean => line.kind === 'trouble' && /^no dialplan\b/.test(line.what);

/** What a flow step does, in a word. */
export const verbWord = (verb: string): string => (isOneOf(VERBS, verb) ? t(`verb.${verb}`) : verb);

/** What happened. */
export function eventTitle(line: Line, nameOf: NameOf, agentOfLeg?: ReadonlyMap<string, string>): string {
  switch (line.kind) {
    case 'arrived':
      return t('event.arrived', { from: partyName(line.from), to: line.to });
    case 'answered':
      return t('event.answered');
    case 'step':
      return t('event.step', { step: line.step, verb: verbWord(line.verb) });
    case 'digit':
      return t('event.digit', { digit: line.digit });
    case 'queued':
      return t('event.queued', { queue: line.queue, position: count(line.position) });
    case 'position_told':
      return t('event.position_told', { position: count(line.position) });
    case 'offered':
      return t('event.offered', { agent: nameOf(line.agent) });
    case 'not_taken':
      return t('event.not_taken', { agent: nameOf(line.agent), cause: causeOf(line.cause, line.status, line.limit) });
    case 'connected':
      return t('event.connected', { agent: nameOf(line.agent) });
    case 'held':
      return t('event.held');
    case 'resumed':
      return t('event.resumed');
    case 'dialed':
      return t('event.dialed', { number: phone(line.number) });
    case 'emergency_called':
      return t('event.emergency_called', { number: line.number });
    case 'one_way':
    case 'way_restored': {
      const agent = agentOfLeg?.get(line.leg);
      const who = agent ? nameOf(agent) : roleWord(line.role);
      const lost = line.kind === 'one_way';
      if (line.way === 'in') return t(lost ? 'event.not_heard' : 'event.heard_again', { who });
      return t(lost ? 'event.hears_nothing' : 'event.hears_again', { who });
    }
    case 'passed_on': {
      const agent = agentOfLeg?.get(line.leg);
      return agent
        ? t('event.passed_on', { agent: nameOf(agent), to: phone(line.to) })
        : t('event.passed_on.plain', { to: phone(line.to) });
    }
    case 'transferred':
      return t('event.transferred', { number: phone(line.number) });
    case 'leg_ended': {
      const agent = agentOfLeg?.get(line.leg);
      return t('event.leg_ended', { role: agent ? nameOf(agent) : roleWord(line.role), cause: causeOf(line.cause, line.status, line.limit) });
    }
    case 'recording_started':
      return t('event.recording_started');
    case 'recording_stopped':
      return t('event.recording_stopped', { length: duration(line.length_ms) });
    case 'recording_changed':
      return t(`event.recording_changed.${line.state}`);
    case 'recording_failed':
      return t('event.recording_failed');
    case 'conferring':
      return t(line.moderator ? 'event.conferring.moderator' : 'event.conferring', { room: line.room });
    case 'conference_muted':
      return t(line.muted ? 'event.conference_muted' : 'event.conference_unmuted', { who: nameOf(line.by) });
    case 'left_conference':
      return t(`event.left_conference.${line.why}`, { room: line.room });
    case 'monitor_rung':
      return t('event.monitor_rung', { who: nameOf(line.by) });
    case 'monitored':
      return t(`event.monitored.${line.mode}`, { who: nameOf(line.by) });
    case 'monitor_ended':
      return t('event.monitor_ended', { who: nameOf(line.by), cause: causeOf(line.cause) });
    case 'agent_changed':
      return t('event.agent_changed', { agent: nameOf(line.agent), state: stateWord(line.to) });
    case 'trouble':
      return t(isWrongNumber(line) ? 'event.wrong_number' : 'event.trouble');
    case 'closed':
      return t('event.closed', { outcome: outcomeWord(line.outcome) });
    case 'started':
      return t('event.started');
    case 'sip':
      return line.summary;
    default:
      // A newer server may know kinds of lines that this page does not.
      return (line as { kind: string }).kind;
  }
}

export const roleWord = (role: string): string =>
  role === 'customer' || role === 'agent' || role === 'outside' || role === 'supervisor' ? t(`role.leg.${role}`) : role;

/** Why it happened, or more about it; one sentence each, none where there is nothing to say. */
export function eventWhy(line: Line, nameOf: NameOf): string[] {
  switch (line.kind) {
    case 'arrived':
      return [numberBeside(line.from), t('origin.by', { origin: originWords(line.origin) })].filter(Boolean);
    case 'queued':
      return line.why ? [whyWaiting(line.why)] : [];
    case 'offered':
      return [whyOffered(line.why), whySkills(line.why), whoPassedOver(line.why, nameOf), whyNow(line.why)].filter(Boolean);
    case 'connected':
      return [t('event.connected.waited', { waited: duration(line.waited_ms) })];
    case 'agent_changed': {
      const reason = notReadyReason(line.reason);
      return [
        t('event.agent_changed.lasted', { state: stateWord(line.from), lasted: duration(line.lasted_ms) }),
        ...(reason ? [reason] : []),
      ];
    }
    case 'emergency_called':
      return [t('event.emergency_called.alerted')];
    case 'left_conference':
      return line.by ? [nameOf(line.by)] : [];
    case 'recording_changed':
      return [nameOf(line.by)];
    case 'recording_failed':
      return [line.why];
    case 'trouble':
      return [line.what];
    default:
      return [];
  }
}
