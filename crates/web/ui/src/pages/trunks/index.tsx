import { useQuery } from '@tanstack/react-query';
import { memo, useEffect } from 'react';
import { trunksQuery } from '../../api/queries';
import { TopSlot } from '../../app/frame';
import { byTrouble, isFull, isLost, troubleOf } from '../../app/trunks';
import type { TrunkView } from '../../api/types';
import { useHold } from '../../live/hold';
import { keepPlaces, useOrder, useRow, useSum } from '../../live/hooks';
import { trunks, useLive } from '../../live/live';
import { count, millis, moment, momentFull, UNKNOWN } from '../../text/format';
import { whyTrunk } from '../../text/sentences';
import { useT, type Translate } from '../../text/i18n';
import { Clock } from '../../ui/Clock';
import { cx } from '../../ui/cx';
import { Icon } from '../../ui/Icon';
import { Empty, Failed, Lines } from '../../ui/notes';
import { toneClass, TrunkIcon, trunkTone } from '../../ui/State';
import css from './trunks.module.css';

/** What a new trunk looks like in the configuration. */
const EXAMPLE = `[[trunk]]
name = "carrier"
accept_from = ["198.51.100.0/24"]   # who may call in
send_to = "sip.carrier.example"     # where calls out go
prefixes = ["9"]                    # which numbers go out here`;

/** How full it is: calls in and calls out over what it may carry. */
function Load({ trunk, t }: { trunk: TrunkView; t: Translate }) {
  const { calls_in: into, calls_out: out, calls_max: most } = trunk;
  const known = most !== null && most !== undefined;
  const full = isFull(trunk);
  return (
    <span className={css.load} data-full={full}>
      <span className={css.of}>
        {count(into + out)}
        {known && ` / ${count(most)}`}
      </span>
      {known && (
        <span className={css.bar} aria-hidden="true">
          <i className={css.in} style={{ flexGrow: into }} />
          <i className={css.out} style={{ flexGrow: out }} />
          <i style={{ flexGrow: Math.max(0, most - into - out) }} />
        </span>
      )}
      {full && <b className={css.full}>{t('trunks.full')}</b>}
    </span>
  );
}

function Registered({ trunk, t }: { trunk: TrunkView; t: Translate }) {
  if (trunk.registered === null || trunk.registered === undefined) return UNKNOWN;
  return (
    <span className={cx(css.mark, toneClass(trunk.registered ? 'plain' : 'alarm'))}>
      <Icon name={trunk.registered ? 'check' : 'warning'} />
      {t(trunk.registered ? 'trunks.yes' : 'trunks.no')}
    </span>
  );
}

const Row = memo(function Row({ id }: { id: string }) {
  const t = useT();
  const trunk = useRow(trunks, id);
  if (!trunk) {
    return (
      <div role="row" className={cx(css.row, css.body)}>
        <span role="cell" className={css.name}>
          {id}
        </span>
        <span role="cell" className={css.gone}>
          {t('trunks.gone')}
        </span>
      </div>
    );
  }
  const trouble = troubleOf(trunk);
  const why = whyTrunk(trunk.why);
  const where = trunk.address ? trunk.address.replace(/^\w+/, (word) => word.toUpperCase()) : trunk.why ? UNKNOWN : t('trunks.in_only');
  return (
    <div role="row" className={cx(css.row, css.body, isLost(trouble) && css.bad, trouble === 'shaky' && css.warn)} data-trunk={id}>
      <span role="cell" className={css.name} title={id}>
        {id}
      </span>
      <span role="cell" className={cx(css.mark, css.state, toneClass(trunkTone(trunk.state)))}>
        <TrunkIcon state={trunk.state} />
        {t(`trunk.${trunk.state}`)}
        {(trunk.state === 'down' || trunk.state === 'shaky') && <Clock since={trunk.since} className={css.clock} />}
      </span>
      <span role="cell" className={css.second} title={momentFull(trunk.since)}>
        {moment(trunk.since)}
      </span>
      <span role="cell">
        <Registered trunk={trunk} t={t} />
      </span>
      <span role="cell" className={css.right}>
        {count(trunk.calls_in)}
      </span>
      <span role="cell" className={css.right}>
        {count(trunk.calls_out)}
      </span>
      <span role="cell">
        <Load trunk={trunk} t={t} />
      </span>
      <span role="cell" className={css.right}>
        {count(trunk.sent)}
      </span>
      <span role="cell" className={css.right}>
        {count(trunk.failed)}
      </span>
      <span role="cell" className={css.right}>
        {millis(trunk.answers_in_ms)}
      </span>
      <span role="cell" className={cx(css.cut, css.second)} title={where}>
        {where}
      </span>
      <span role="cell" className={css.cut} title={why}>
        {why || UNKNOWN}
      </span>
    </div>
  );
});

/** The ways to carriers: whether each is there, and how much goes through it. */
export default function Trunks() {
  const t = useT();
  const known = useLive((state) => state.known);
  const stale = useLive((state) => state.connection !== 'live' && state.known);
  // Until the live connection tells the rows, they are asked for: lists work without it.
  const asked = useQuery({ ...trunksQuery, enabled: !known });
  useEffect(() => {
    if (!known && asked.data) trunks.replace(asked.data.trunks);
  }, [known, asked.data]);
  const loaded = known || asked.data !== undefined;
  const order = useOrder([trunks], String(loaded), () => byTrouble(trunks.rows.values()), keepPlaces);
  const hold = useHold(order.hold);
  const size = useSum([trunks], () => trunks.rows.size);

  return (
    <div className={css.page} data-stale={stale}>
      <TopSlot title={t('trunks.title')}>
        <span className={css.hint}>{size > 0 ? t('trunks.order') : ''}</span>
      </TopSlot>
      {order.value.length > 0 ? (
        // Whoever reads wide rows in a narrow window scrolls with the arrows.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <div className={css.box} role="region" aria-label={t('trunks.title')} tabIndex={0} {...hold}>
          <div role="table" aria-label={t('trunks.title')} className={css.table}>
            <div role="row" className={cx(css.row, css.titles)}>
              <span role="columnheader">{t('trunks.name')}</span>
              <span role="columnheader">{t('trunks.state')}</span>
              <span role="columnheader">{t('trunks.since')}</span>
              <span role="columnheader">{t('trunks.registered')}</span>
              <span role="columnheader" className={css.right}>
                {t('trunks.in')}
              </span>
              <span role="columnheader" className={css.right}>
                {t('trunks.out')}
              </span>
              <span role="columnheader">{t('trunks.load')}</span>
              <span role="columnheader" className={css.right}>
                {t('trunks.sent')}
              </span>
              <span role="columnheader" className={css.right}>
                {t('trunks.failed')}
              </span>
              <span role="columnheader" className={css.right}>
                {t('trunks.answers')}
              </span>
              <span role="columnheader">{t('trunks.address')}</span>
              <span role="columnheader">{t('trunks.why')}</span>
            </div>
            {order.value.map((id) => (
              <Row key={id} id={id} />
            ))}
          </div>
        </div>
      ) : loaded ? (
        <Empty
          icon="trunk"
          action={
            <pre className={css.example} lang="en">
              {EXAMPLE}
            </pre>
          }
        >
          {t('trunks.none')}
        </Empty>
      ) : asked.isError ? (
        <Failed what={t('trunks.load_failed')} error={asked.error} again={() => void asked.refetch()} />
      ) : (
        <Lines rows={5} height={36} />
      )}
    </div>
  );
}
