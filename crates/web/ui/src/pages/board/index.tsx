import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useEffect, useMemo, useState, type CSSProperties } from 'react';
import { useKeys, type KeyAction } from '../../app/keys';
import { TopSlot } from '../../app/frame';
import { AGENT_STATES } from '../../api/types';
import { useSum } from '../../live/hooks';
import { agents, queues, serverNow, useLive } from '../../live/live';
import { todayText } from '../../text/day';
import { useT } from '../../text/i18n';
import { Choose } from '../../ui/controls';
import { Lines } from '../../ui/notes';
import { Agents } from './Agents';
import { Alerts, useAlertsHeight } from './Alerts';
import css from './board.module.css';
import { Dock } from './Dock';
import { Figures } from './Figures';
import { CallList, WaitingList } from './lists';
import { Queues } from './Queues';

const LimitsDialog = lazy(() => import('./LimitsDialog'));
const ALL = ' all';

/** The supervisor's one question: where does it burn? */
export default function Board() {
  const t = useT();
  const search = useSearch({ from: '/inside/board' });
  const navigate = useNavigate({ from: '/board' });
  const stale = useLive((state) => state.connection !== 'live' && state.known);
  const known = useLive((state) => state.known);
  const [limits, setLimits] = useState(false);
  const covered = useAlertsHeight();
  const names = useSum([queues], () => [...queues.rows.keys()].toSorted((a, b) => a.localeCompare(b)));

  const chooseAgent = useCallback(
    (agent: string | undefined) => void navigate({ search: (was) => ({ ...was, agent, interaction: undefined }), replace: true }),
    [navigate],
  );
  const chooseCall = useCallback(
    (interaction: string | undefined) => void navigate({ search: (was) => ({ ...was, interaction, agent: undefined }), replace: true }),
    [navigate],
  );
  const close = useCallback(
    () => void navigate({ search: (was) => ({ ...was, agent: undefined, interaction: undefined }), replace: true }),
    [navigate],
  );

  const chosenCall = search.interaction ?? (search.agent ? agents.rows.get(search.agent)?.interaction : undefined);
  const keys = useMemo<KeyAction[]>(
    () => [
      ...AGENT_STATES.map((state, index) => ({
        keys: String(index + 1),
        match: `Digit${index + 1}`,
        layer: 2 as const,
        label: `keys.filter.${state}` as const,
        run: () => void navigate({ search: (was) => ({ ...was, state: was.state === state ? undefined : state }), replace: true }),
      })),
      {
        keys: 'Enter',
        match: 'Enter',
        layer: 2,
        label: 'keys.open',
        run: () => {
          if (chosenCall) void navigate({ to: '/interactions/$id', params: { id: chosenCall } });
        },
      },
      {
        keys: 'Esc',
        match: 'Escape',
        layer: 2,
        label: 'keys.unchoose',
        run: () =>
          void navigate({
            search: (was) =>
              (was.agent ?? was.interaction)
                ? { ...was, agent: undefined, interaction: undefined }
                : was.state
                  ? { ...was, state: undefined }
                  : { ...was, queue: undefined },
            replace: true,
          }),
      },
    ],
    [navigate, chosenCall],
  );
  useKeys(keys);

  // The figures lead to the lists on this page by name.
  useEffect(() => {
    const jump = () => {
      const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
      target?.focus({ preventScroll: false });
    };
    addEventListener('hashchange', jump);
    return () => removeEventListener('hashchange', jump);
  }, []);

  const choices = useMemo(
    () => [{ id: ALL, text: t('board.all_queues') }, ...names.map((name) => ({ id: name, text: name }))],
    [names, t],
  );

  return (
    <div className={css.board} data-stale={stale}>
      <TopSlot title={t('board.title')}>
        <Choose
          label={t('board.scope')}
          look="quiet"
          value={search.queue && names.includes(search.queue) ? search.queue : ALL}
          choices={choices}
          onChange={(key) => void navigate({ search: (was) => ({ ...was, queue: key === ALL ? undefined : key }) })}
        />
        <span className={css.since}>{todayText(serverNow())}</span>
      </TopSlot>
      <Figures queue={search.queue} />
      <div className={css.left} style={{ '--covered': `${covered}px` } as CSSProperties}>
        {known ? (
          <>
            <Queues chosen={search.queue} />
            <WaitingList queue={search.queue} chosen={search.interaction} choose={chooseCall} />
            <CallList queue={search.queue} chosen={search.interaction} choose={chooseCall} />
          </>
        ) : (
          <Lines rows={11} height={44} />
        )}
        <Alerts />
      </div>
      <Agents queue={search.queue} state={search.state} chosen={search.agent} choose={chooseAgent} openLimits={() => setLimits(true)} />
      <Dock agent={search.agent} interaction={search.interaction} close={close} />
      <Suspense>{limits && <LimitsDialog close={() => setLimits(false)} />}</Suspense>
    </div>
  );
}
