/** Tells a screen reader, once each, what a supervisor has to know at once. */
import { useEffect, useRef, useState } from 'react';
import type { Me } from '../api/types';
import { useSum } from '../live/hooks';
import { agents, trunks } from '../live/live';
import { alertSentence } from '../text/alerts';
import { partyName } from '../text/party';
import { useT } from '../text/i18n';
import { may } from './access';
import { useAlerts } from './alerts';
import css from './Announcer.module.css';

/** The ones among `now` that were not told yet; who is not among them any more may be told again later. */
function useFresh<T>(now: readonly T[], keyOf: (one: T) => string, tell: (fresh: readonly T[]) => void): void {
  const told = useRef(new Set<string>());
  useEffect(() => {
    const fresh = now.filter((one) => !told.current.has(keyOf(one)));
    told.current = new Set(now.map(keyOf));
    if (fresh.length > 0) tell(fresh);
  });
}

export function Announcer({ me }: { me: Me }) {
  const t = useT();
  const [said, say] = useState('');
  const entries = useAlerts((state) => state.entries);
  const down = useSum([trunks], () => (may(me, 'trunks') ? [...trunks.rows.values()].filter((trunk) => trunk.state === 'down').map((trunk) => trunk.id) : []));
  useFresh(
    entries,
    ({ alert }) => alert.id,
    (fresh) =>
      say(
        fresh
          .map(({ alert }) => alertSentence(alert, agents.rows.get(alert.agent ?? '')?.name ?? (alert.from ? partyName(alert.from) : '')))
          .join(' '),
      ),
  );
  useFresh(
    down,
    (id) => id,
    (fresh) => say(fresh.map((id) => t('trunks.one.down', { trunk: id })).join(t('list.comma'))),
  );
  const quiet = entries.length + down.length === 0;
  useEffect(() => {
    if (quiet) say('');
  }, [quiet]);
  return (
    // What is marked so is still told while a dialog is open, which hides all else.
    <div role="alert" data-live-announcer="true" className={css.said}>
      {said}
    </div>
  );
}
