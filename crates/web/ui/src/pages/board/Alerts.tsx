/** What has to be known at once: calls for help, and trunks that are not what they should be. No room while there is nothing. */
import { Link } from '@tanstack/react-router';
import { may } from '../../app/access';
import { useShell } from '../../app/frame';
import { AlertRows } from '../../app/AlertRows';
import { useAlerts } from '../../app/alerts';
import { isLost, tallyOf, troubleOf } from '../../app/trunks';
import type { TrunkView } from '../../api/types';
import { useSum } from '../../live/hooks';
import { trunks } from '../../live/live';
import { useT } from '../../text/i18n';
import { Clock } from '../../ui/Clock';
import { Icon } from '../../ui/Icon';
import { TrunkIcon } from '../../ui/State';
import css from './Alerts.module.css';
import { trunksSentence } from './sentence';

/** How much of the lists below the rows cover: heights are fixed, so it is known without measuring. */
const ROW_PX = 64;
const LINE_PX = 36;

function useTroubled(): TrunkView[] {
  const { me } = useShell();
  return useSum([trunks], () => (may(me, 'trunks') && tallyOf(trunks.rows.values()).troubled.length > 0 ? [...trunks.rows.values()] : []));
}

function TrunkLine({ all }: { all: readonly TrunkView[] }) {
  const t = useT();
  const troubled = all.filter((trunk) => troubleOf(trunk) !== null);
  const lost = troubled.some((trunk) => isLost(troubleOf(trunk)));
  const sentence = trunksSentence(t, all);
  return (
    <Link to="/trunks" className={css.line} data-lost={lost} title={sentence}>
      <TrunkIcon state={lost ? 'down' : 'shaky'} size={16} />
      <span className={css.text}>{sentence}</span>
      {troubled.length === 1 && troubled[0]?.state !== 'up' && <Clock since={troubled[0]?.since ?? null} className={css.clock} />}
      <Icon name="right" size={12} />
    </Link>
  );
}

/** How many pixels the panel takes at the foot of the lists. */
export function useAlertsHeight(): number {
  const entries = useAlerts((state) => state.entries.length);
  return entries * ROW_PX + (useTroubled().length > 0 ? LINE_PX : 0);
}

export function Alerts() {
  const t = useT();
  const some = useAlerts((state) => state.entries.length > 0);
  const all = useTroubled();
  if (!some && all.length === 0) return null;
  return (
    <section className={css.panel} aria-label={t('alerts.title')}>
      {some && <AlertRows />}
      {all.length > 0 && <TrunkLine all={all} />}
    </section>
  );
}
