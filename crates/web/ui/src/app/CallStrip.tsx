import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { timelineQuery } from '../api/queries';
import type { AgentView } from '../api/types';
import { langOf, numberBeside, partyName } from '../text/party';
import { useT } from '../text/i18n';
import { Clock } from '../ui/Clock';
import { Icon } from '../ui/Icon';
import { AgentIcon, agentTone, agentWord, toneClass } from '../ui/State';
import { cx } from '../ui/cx';
import css from './CallStrip.module.css';

/** The agent's call, on every page in the same place, also when there is none. */
export function CallStrip({ agent }: { agent: AgentView }) {
  const t = useT();
  const id = agent.interaction ?? null;
  const story = useQuery({ ...timelineQuery(id ?? ''), enabled: id !== null, retry: false });
  const interaction = id ? story.data?.interaction : undefined;
  const recording = interaction?.recordings.some((one) => one.length_ms === null || one.length_ms === undefined) ?? false;
  const from = interaction?.from;
  return (
    <section className={cx(css.strip, id && css.busy)} aria-label={t('strip.label')}>
      {id ? (
        <>
          <AgentIcon state={agent.state} size={20} />
          <div className={css.who}>
            <b lang={langOf(from?.display ?? '')}>
              {from ? partyName(from) : t('strip.call')}
            </b>
            <span>
              {[from && numberBeside(from), interaction?.queue].filter(Boolean).join(' · ') || id}
            </span>
          </div>
          <span className={cx(css.timer, toneClass(agentTone(agent.state)))}>
            <Clock since={agent.since} until={agent.until} />
          </span>
          <span className={css.state}>{agentWord(t, agent.state)}</span>
          <span className={css.rec}>
            {recording && (
              <>
                <Icon name="record" size={12} /> {t('call.recording')}
              </>
            )}
          </span>
          <span className={css.space} />
          <Link className={css.open} to="/interactions/$id" params={{ id }}>
            {t('call.timeline')}
          </Link>
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
