/** The frame of every page: rail, top bar, the place of the call strip, and the page itself. */
import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { Outlet, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { isLoggedOut, meQuery, queryClient } from '../api/queries';
import { useLive } from '../live/live';
import { connect, disconnect, whenTurnedDown } from '../live/socket';
import { useT } from '../text/i18n';
import { may, watches } from './access';
import { watchAlerts } from './alerts';
import { Announcer } from './Announcer';
import { CallStrip } from './CallStrip';
import { ConnectionStrip } from './ConnectionStrip';
import { useKeys } from './keys';
import { useMyAgent } from './mine';
import { Rail } from './Rail';
import { endSession } from './session';
import css from './Shell.module.css';
import { ShellContext } from './frame';
import { TopBar } from './TopBar';

const CommandBar = lazy(() => import('./CommandBar'));
const KeysDialog = lazy(() => import('./KeysDialog'));

/** How often an agent's own state is asked for while the live connection does not tell it. */
const MY_STATE_EVERY_MS = 2_000;
/** How often it is asked for otherwise: a session that ended is found out so, and what the server was told anew (the zone). */
const SESSION_EVERY_MS = 30_000;

export function Shell() {
  const t = useT();
  const navigate = useNavigate();
  const { data: me } = useSuspenseQuery(meQuery);
  const [slot, setSlot] = useState<HTMLElement | null>(null);
  const [commands, setCommands] = useState(false);
  const [keys, setKeys] = useState(false);
  const seesLive = watches(me);
  const live = useLive((state) => state.connection === 'live');
  const agent = useMyAgent(me);

  const own = useQuery({ ...meQuery, refetchInterval: me.agent === null || live ? SESSION_EVERY_MS : MY_STATE_EVERY_MS });
  useEffect(() => {
    if (own.error && isLoggedOut(own.error)) endSession('ended');
  }, [own.error]);

  useEffect(() => {
    if (!seesLive) return undefined;
    // A connection that is turned down says nothing; the session is the likely cause, so it is asked about.
    whenTurnedDown(() => {
      queryClient.fetchQuery({ ...meQuery, staleTime: 0 }).catch((error: unknown) => {
        if (isLoggedOut(error)) endSession('ended');
      });
    });
    connect();
    return disconnect;
  }, [seesLive]);

  const handlesAlerts = may(me, 'alerts');
  useEffect(() => (handlesAlerts ? watchAlerts() : undefined), [handlesAlerts]);

  useKeys([
    { keys: 'Ctrl K', match: 'Ctrl+KeyK', layer: 1, label: 'keys.commands', run: () => setCommands(true) },
    { keys: '?', match: 'Shift+Slash', layer: 2, label: 'keys.keys', run: () => setKeys(true) },
    { keys: '/', match: 'Slash', layer: 2, label: 'keys.search', run: () => setCommands(true) },
    ...(may(me, 'board')
      ? [{ keys: 'G B', match: 'KeyG KeyB', layer: 2 as const, label: 'keys.board' as const, run: () => void navigate({ to: '/board' }) }]
      : []),
    ...(may(me, 'interactions')
      ? [
          {
            keys: 'G S',
            match: 'KeyG KeyS',
            layer: 2 as const,
            label: 'keys.interactions' as const,
            run: () => void navigate({ to: '/interactions' }),
          },
        ]
      : []),
    ...(may(me, 'conferences')
      ? [{ keys: 'G C', match: 'KeyG KeyC', layer: 2 as const, label: 'keys.conferences' as const, run: () => void navigate({ to: '/conferences' }) }]
      : []),
    ...(may(me, 'trunks')
      ? [{ keys: 'G T', match: 'KeyG KeyT', layer: 2 as const, label: 'keys.trunks' as const, run: () => void navigate({ to: '/trunks' }) }]
      : []),
  ]);

  const parts = useMemo(
    () => ({ me, slot, openCommands: () => setCommands(true), openKeys: () => setKeys(true) }),
    [me, slot],
  );

  return (
    <ShellContext value={parts}>
      <div className={css.shell} data-strip={agent ? 'yes' : 'no'}>
        <a className={css.skip} href="#main">
          {t('shell.skip')}
        </a>
        <Rail me={me} />
        <TopBar slot={setSlot} agent={agent} />
        {agent && <CallStrip agent={agent} />}
        <div className={css.notice}>{seesLive && <ConnectionStrip />}</div>
        <main id="main" className={css.main} tabIndex={-1}>
          {/* In another zone every time on the page is another one. */}
          <Outlet key={me.center.zone} />
        </main>
      </div>
      {(handlesAlerts || may(me, 'trunks')) && <Announcer me={me} />}
      <Suspense>
        {commands && <CommandBar close={() => setCommands(false)} />}
        {keys && <KeysDialog close={() => setKeys(false)} />}
      </Suspense>
    </ShellContext>
  );
}
