import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { may } from '../../app/access';
import { useShell } from '../../app/frame';
import { useRow } from '../../live/hooks';
import { agents, interactions } from '../../live/live';
import { count } from '../../text/format';
import { langOf, numberBeside, partyName } from '../../text/party';
import { notReadyReason } from '../../text/sentences';
import { useT } from '../../text/i18n';
import { Clock } from '../../ui/Clock';
import { Button } from '../../ui/controls';
import { cx } from '../../ui/cx';
import { Icon } from '../../ui/Icon';
import { AgentIcon, agentTone, agentWord, InteractionIcon, interactionWord, recordingWord, toneClass } from '../../ui/State';
import css from './Dock.module.css';
import { canBeHeard, isForOthers, listeners, Supervise } from './Supervise';
import { waitSentence, whoHas } from './lists';

function Frame({ icon, name, state, second, children }: { icon: ReactNode; name: string; state: ReactNode; second: ReactNode; children: ReactNode }) {
  return (
    <>
      {icon}
      <div className={css.who}>
        <div className={css.first}>
          <b lang={langOf(name)}>{name}</b> {state}
        </div>
        <div className={css.second}>{second}</div>
      </div>
      <div className={css.actions}>{children}</div>
    </>
  );
}

function ChosenAgent({ id, close }: { id: string; close: () => void }) {
  const t = useT();
  const { me } = useShell();
  const agent = useRow(agents, id);
  const call = useRow(interactions, agent?.interaction);
  if (!agent) return <p className={css.none}>{t('dock.agent_gone', { agent: id })}</p>;
  const reason = agent.state === 'not_ready' ? notReadyReason(agent.reason) : '';
  const skills = Object.entries(agent.skills)
    .map(([skill, level]) => `${skill} ${count(level)}`)
    .join(', ');
  const second = [
    call && t('dock.with', { who: partyName(call.from) }),
    agent.queues.join(', '),
    skills && t('dock.skills', { skills }),
    t('dock.handled', { n: agent.handled }),
  ].filter(Boolean);
  const heard = call && listeners(t, call);
  return (
    <Frame
      icon={<AgentIcon state={agent.state} onHold={call?.state === 'on_hold'} size={20} />}
      name={agent.name}
      state={
        <span className={cx(css.state, toneClass(agentTone(agent.state)))}>
          {agentWord(t, agent.state)}
          {reason && ` · ${reason}`}{' '}
          {agent.state !== 'logged_out' && <Clock since={agent.since} until={agent.until} />}
        </span>
      }
      second={
        <>
          {heard && <Listening>{heard}</Listening>}
          {second.join(' · ')}
          {agent.phone_registered === false && agent.state !== 'logged_out' && (
            <span className={css.alarm}>
              {' · '}
              {t('dock.no_phone')}
            </span>
          )}
        </>
      }
    >
      {may(me, 'monitor') && agent.state === 'talking' && canBeHeard(call) && isForOthers(call, me.login) && <Supervise key={call.id} call={call} />}
      {may(me, 'interactions') && (
        <>
          <Link className={css.link} to="/interactions" search={{ agent: agent.id, when: 'today' }}>
            {t('dock.today')}
          </Link>
          {agent.interaction && (
            <Link className={css.link} to="/interactions/$id" params={{ id: agent.interaction }}>
              {t('call.timeline')} <kbd>Enter</kbd>
            </Link>
          )}
        </>
      )}
      <Close close={close} />
    </Frame>
  );
}

function ChosenCall({ id, close }: { id: string; close: () => void }) {
  const t = useT();
  const { me } = useShell();
  const call = useRow(interactions, id);
  // Whoever has it may get another name.
  useRow(agents, call?.agent ?? call?.with?.login);
  const open = may(me, 'interactions') && (
    <Link className={css.link} to="/interactions/$id" params={{ id }}>
      {t('call.timeline')} <kbd>Enter</kbd>
    </Link>
  );
  if (!call) {
    return (
      <>
        <p className={css.none}>{t('dock.call_gone', { id })}</p>
        <div className={css.actions}>
          {open}
          <Close close={close} />
        </div>
      </>
    );
  }
  const name = partyName(call.from);
  const waiting = call.state === 'queued' || call.state === 'offered';
  const second = [
    numberBeside(call.from),
    call.queue ?? call.flow,
    whoHas(call),
    waiting && call.position ? t('dock.place', { n: count(call.position) }) : null,
    call.state === 'queued' ? waitSentence(call) : null,
    call.id,
  ].filter(Boolean);
  const heard = listeners(t, call);
  return (
    <Frame
      icon={<InteractionIcon state={call.state} size={20} />}
      name={name}
      state={
        <span className={css.state}>
          {interactionWord(t, call.state)} <Clock since={waiting ? (call.queued_at ?? call.since) : call.since} />
        </span>
      }
      second={
        <>
          {heard && <Listening>{heard}</Listening>}
          {second.join(' · ')}
        </>
      }
    >
      {may(me, 'monitor') && canBeHeard(call) && isForOthers(call, me.login) && <Supervise key={call.id} call={call} />}
      {call.recording && (
        <span className={css.rec}>
          <Icon name="record" size={12} /> {recordingWord(t, call.recording_state)}
        </span>
      )}
      {open}
      <Close close={close} />
    </Frame>
  );
}

/** Who hears the call besides those who talk. */
function Listening({ children }: { children: ReactNode }) {
  return (
    <span className={css.listening}>
      <Icon name="ear" size={12} /> {children}
      {' · '}
    </span>
  );
}

function Close({ close }: { close: () => void }) {
  const t = useT();
  return (
    <Button kind="icon" onPress={close} aria-label={t('dock.close')}>
      <Icon name="x" size={16} />
    </Button>
  );
}

/** Whoever is chosen: an agent, a call, or nobody yet. The place is always there. */
export function Dock({ agent, interaction, close }: { agent: string | undefined; interaction: string | undefined; close: () => void }) {
  const t = useT();
  return (
    <section className={css.dock} data-on={Boolean(agent ?? interaction)} aria-label={t('dock.label')}>
      {agent ? (
        <ChosenAgent id={agent} close={close} />
      ) : interaction ? (
        <ChosenCall id={interaction} close={close} />
      ) : (
        <p className={css.none}>{t('dock.none')}</p>
      )}
    </section>
  );
}
