/** States as a shape, a word and a color, in this order of importance. */
import type { AgentState, InteractionState, MonitorMode, RecordingState, TrunkState } from '../api/types';
import type { Translate } from '../text/i18n';
import { Icon, type IconName } from './Icon';
import css from './State.module.css';
import { cx } from './cx';

export type Tone = 'ready' | 'reserved' | 'talking' | 'wrap' | 'away' | 'out' | 'alarm' | 'plain';

const AGENT: Record<AgentState, { icon: IconName; tone: Tone }> = {
  ready: { icon: 'ready', tone: 'ready' },
  reserved: { icon: 'reserved', tone: 'reserved' },
  talking: { icon: 'talking', tone: 'talking' },
  wrap_up: { icon: 'wrap', tone: 'wrap' },
  not_ready: { icon: 'away', tone: 'away' },
  logged_out: { icon: 'out', tone: 'out' },
};

const INTERACTION: Record<InteractionState, { icon: IconName; tone: Tone }> = {
  arrived: { icon: 'phone', tone: 'plain' },
  in_flow: { icon: 'flow', tone: 'plain' },
  queued: { icon: 'clock', tone: 'reserved' },
  offered: { icon: 'reserved', tone: 'reserved' },
  connected: { icon: 'talking', tone: 'talking' },
  on_hold: { icon: 'hold', tone: 'talking' },
  transferred: { icon: 'transfer', tone: 'plain' },
  wrap_up: { icon: 'wrap', tone: 'wrap' },
  closed: { icon: 'check', tone: 'plain' },
};

const TRUNK: Record<TrunkState, { icon: IconName; tone: Tone }> = {
  down: { icon: 'stopped', tone: 'alarm' },
  shaky: { icon: 'caution', tone: 'reserved' },
  up: { icon: 'ready', tone: 'ready' },
  unknown: { icon: 'out', tone: 'out' },
};

export const toneClass = (tone: Tone): string => css[tone] ?? '';
export const interactionTone = (state: InteractionState): Tone => INTERACTION[state].tone;
export const agentTone = (state: AgentState): Tone => AGENT[state].tone;

/** The word for a state of an agent. */
export const agentWord = (t: Translate, state: AgentState): string => t(`state.${state}`);
/** What a running recording keeps. */
export const recordingWord = (t: Translate, state: RecordingState | null | undefined): string => {
  switch (state) {
    case 'paused':
      return t('call.recording_paused');
    case 'customer_masked':
      return t('call.customer_masked');
    case 'agent_masked':
      return t('call.agent_masked');
    default:
      return t('call.recording');
  }
};
/** What a supervisor does in a call of others. */
export const monitorWord = (t: Translate, mode: MonitorMode): string => t(`monitor.does.${mode}`);
export const trunkTone = (state: TrunkState): Tone => TRUNK[state].tone;
export const interactionWord = (t: Translate, state: InteractionState): string => t(`interaction.${state}`);

export function AgentIcon({ state, onHold = false, size = 14 }: { state: AgentState; onHold?: boolean; size?: 14 | 16 | 20 }) {
  const { icon, tone } = AGENT[state];
  return <Icon name={onHold && state === 'talking' ? 'hold' : icon} size={size} className={css[tone]} />;
}

export function InteractionIcon({ state, size = 14 }: { state: InteractionState; size?: 14 | 16 | 20 }) {
  const { icon, tone } = INTERACTION[state];
  return <Icon name={icon} size={size} className={css[tone]} />;
}

export function TrunkIcon({ state, size = 14 }: { state: TrunkState; size?: 14 | 16 | 20 }) {
  const { icon, tone } = TRUNK[state];
  return <Icon name={icon} size={size} className={css[tone]} />;
}

export function AgentMark({ state, t }: { state: AgentState; t: Translate }) {
  return (
    <span className={cx(css.mark, css[AGENT[state].tone])}>
      <AgentIcon state={state} />
      {agentWord(t, state)}
    </span>
  );
}
