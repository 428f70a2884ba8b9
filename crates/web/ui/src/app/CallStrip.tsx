import { Link } from '@tanstack/react-router';
import type { AgentView } from '../api/types';
import { langOf, numberBeside, partyName } from '../text/party';
import { useT } from '../text/i18n';
import { Clock } from '../ui/Clock';
import { Icon } from '../ui/Icon';
import { AgentIcon, agentTone, agentWord, interactionWord, monitorWord, recordingWord, toneClass } from '../ui/State';
import { cx } from '../ui/cx';
import { may, mayReadCurrent } from './access';
import css from './CallStrip.module.css';
import { useShell } from './frame';
import { useMyCall } from './mine';
import { PauseRecording } from './PauseRecording';

/** The agent's call, on every page in the same place, also when there is none. */
export function CallStrip({ agent }: { agent: AgentView }) {
  const t = useT();
  const { me } = useShell();
  const call = useMyCall(agent);
  const id = agent.interaction ?? null;
  const name = call ? partyName(call.from) : '';
  const onHold = call?.state === 'on_hold' && agent.state === 'talking';
  return (
    <section className={cx(css.strip, id && css.busy)} data-tone={id ? agentTone(agent.state) : undefined} aria-label={t('strip.label')}>
      {id ? (
        <>
          <AgentIcon state={agent.state} onHold={onHold} size={20} />
          <div className={css.who}>
            <b lang={langOf(name)}>{name || t(call ? 'strip.withheld' : 'strip.call')}</b>
            <span>{[call && numberBeside(call.from), call?.queue].filter(Boolean).join(' · ') || id}</span>
          </div>
          <span className={cx(css.timer, toneClass(agentTone(agent.state)))}>
            <Clock since={agent.since} until={agent.until} />
          </span>
          <span className={css.state}>{onHold ? interactionWord(t, 'on_hold') : agentWord(t, agent.state)}</span>
          <span className={css.rec}>
            {call?.recording && (
              <>
                <Icon name={call.recording_state === 'paused' ? 'pause' : 'record'} size={12} /> {recordingWord(t, call.recording_state)}
              </>
            )}
          </span>
          {call?.monitors && call.monitors.length > 0 && (
            <span className={css.heard}>
              <Icon name="ear" /> {call.monitors.map((one) => t('strip.heard', { who: one.by, mode: monitorWord(t, one.mode) })).join(t('list.comma'))}
            </span>
          )}
          {call?.recording_state && may(me, 'pause') && agent.state === 'talking' && <PauseRecording call={call} />}
          <span className={css.space} />
          {mayReadCurrent(me, agent.state) && (
            <Link className={css.open} to="/interactions/$id" params={{ id }}>
              {t('call.timeline')}
            </Link>
          )}
        </>
      ) : (
        <>
          <Icon name="phone" size={20} className={css.idle} />
          <span className={css.none}>{t(agent.state === 'ready' ? 'strip.none_ready' : 'strip.none')}</span>
          <span className={css.space} />
          {agent.phone_registered === false && (
            <span className={css.phone}>
              <Icon name="warning" /> {t('strip.no_phone')}
            </span>
          )}
        </>
      )}
    </section>
  );
}
