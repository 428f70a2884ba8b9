/** Who waits and why, and who talks: two lists that draw only what is on screen. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useNavigate } from '@tanstack/react-router';
import { memo, useCallback, useRef, type KeyboardEvent, type ReactNode } from 'react';
import { may } from '../../app/access';
import { useShell } from '../../app/frame';
import type { InteractionView } from '../../api/types';
import { keepPlaces, useOrder, useRow, useSum } from '../../live/hooks';
import { agents, interactions } from '../../live/live';
import { count, phone } from '../../text/format';
import { langOf, partyName } from '../../text/party';
import { whyWaiting } from '../../text/sentences';
import { useT, type Translate } from '../../text/i18n';
import { Clock } from '../../ui/Clock';
import { cx } from '../../ui/cx';
import { Icon } from '../../ui/Icon';
import { Empty } from '../../ui/notes';
import { InteractionIcon, interactionWord, recordingWord } from '../../ui/State';
import { callsOf, waitingOf } from './figures';
import { useHold } from '../../live/hold';
import css from './lists.module.css';
import { listeners } from './Supervise';

/** What is shown of whom a waiting call rings. */
export function waitSentence(row: InteractionView): string {
  return whyWaiting(row.state === 'offered' ? null : row.why);
}

const Waiting = memo(function Waiting({ id, t }: { id: string; t: Translate }) {
  const row = useRow(interactions, id);
  const agent = useRow(agents, row?.agent);
  if (!row || (row.state !== 'queued' && row.state !== 'offered')) return <Gone t={t} />;
  const name = partyName(row.from);
  const why = row.state === 'offered' ? t('why.offered_to', { agent: agent?.name ?? row.agent ?? '' }) : waitSentence(row);
  return (
    <>
      <span className={css.place} title={t('waiting.place')}>
        {count(row.position)}
      </span>
      <span className={css.two}>
        <span className={css.line}>
          <b lang={langOf(name)}>{name}</b>
          <span className={css.where}>{row.queue}</span>
        </span>
        <span className={css.why} data-code={row.state === 'offered' ? 'offered' : (row.why?.code ?? 'none')} title={why}>
          <Icon name={row.state === 'offered' ? 'reserved' : row.why && row.why.code !== 'all_busy' ? 'warning' : 'clock'} size={12} />
          {why}
        </span>
      </span>
      <Clock since={row.queued_at ?? row.arrived_at} className={css.clock} />
    </>
  );
});

/** Who has a call: the agent; past the queues whoever talks at the other end. Empty while nobody has. */
export function whoHas(call: InteractionView): string {
  const login = call.agent ?? call.with?.login;
  if (login) return agents.rows.get(login)?.name ?? login;
  return call.with ? phone(call.with.number) : '';
}

const Call = memo(function Call({ id, t }: { id: string; t: Translate }) {
  const row = useRow(interactions, id);
  useRow(agents, row?.agent ?? row?.with?.login);
  if (!row || row.state === 'closed') return <Gone t={t} />;
  const has = whoHas(row);
  const name = partyName(row.from);
  const where = row.queue ?? row.flow ?? row.to;
  const heard = listeners(t, row);
  return (
    <>
      <InteractionIcon state={row.state} />
      <span className={css.name} lang={langOf(name)} title={name}>
        {name}
      </span>
      <span className={css.where} title={where}>
        {where}
      </span>
      <span className={css.with} lang={langOf(has)} title={has || undefined}>
        {has || <em>{interactionWord(t, row.state)}</em>}
      </span>
      <span className={css.rec}>
        {row.recording && (
          <span role="img" aria-label={recordingWord(t, row.recording_state)} title={recordingWord(t, row.recording_state)}>
            <Icon name="record" size={12} />
          </span>
        )}
      </span>
      <span className={css.ear}>
        {heard && (
          <span role="img" aria-label={heard} title={heard}>
            <Icon name="ear" size={12} />
          </span>
        )}
      </span>
      <Clock since={row.since} className={css.clock} />
    </>
  );
});

/** The place of a row that went while somebody was at the list. */
function Gone({ t }: { t: Translate }) {
  return <span className={css.gone}>{t('calls.gone')}</span>;
}

interface ListProps {
  id: string;
  title: string;
  hint: string;
  rows: (queue: string | undefined) => string[];
  row: (id: string, t: Translate) => ReactNode;
  height: number;
  empty: string;
  queue: string | undefined;
  chosen: string | undefined;
  choose: (id: string | undefined) => void;
  className: string | undefined;
}

function List({ id, title, hint, rows, row, height, empty, queue, chosen, choose, className }: ListProps) {
  const t = useT();
  const { me } = useShell();
  const navigate = useNavigate();
  const total = useSum([interactions], () => rows(queue).length);
  const order = useOrder([interactions], `${queue}`, () => rows(queue), keepPlaces);
  const hold = useHold(order.hold);
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: order.value.length,
    getScrollElement: useCallback(() => box.current, []),
    estimateSize: () => height,
    overscan: 4,
    getItemKey: (index) => order.value[index] ?? index,
  });
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    hold.onKeyDown();
    const buttons = [...(box.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    const to = event.key === 'ArrowDown' ? at + 1 : event.key === 'ArrowUp' ? at - 1 : -1;
    if (at < 0) return;
    const current = buttons[at]?.dataset.row;
    if (event.key === 'Enter' && current && may(me, 'interactions')) {
      event.preventDefault();
      void navigate({ to: '/interactions/$id', params: { id: current } });
    } else if (buttons[to]) {
      event.preventDefault();
      buttons[to].focus();
    }
  };
  return (
    <section className={cx(css.panel, className)} aria-labelledby={`${id}-title`}>
      <header className={css.head}>
        <h2 id={`${id}-title`}>{title}</h2>
        <span className={css.count}>{count(total)}</span>
        <span className={css.hint}>{total > 0 ? hint : ''}</span>
      </header>
      {order.value.length === 0 ? (
        <div id={id} tabIndex={-1} className={css.box}>
          <Empty>{empty}</Empty>
        </div>
      ) : (
        // The rows inside are buttons; the box itself listens for the keys that lead from one to the next.
        // oxlint-disable-next-line jsx-a11y/no-static-element-interactions
        <div ref={box} id={id} tabIndex={-1} className={css.box} {...hold} onKeyDown={onKeyDown}>
          <ul className={css.rows} style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map((item) => {
              const rowId = order.value[item.index] ?? '';
              return (
                <li key={item.key} style={{ height, transform: `translateY(${item.start}px)` }}>
                  <button
                    type="button"
                    data-row={rowId}
                    className={css.row}
                    aria-pressed={rowId === chosen}
                    onClick={() => choose(rowId === chosen ? undefined : rowId)}
                    onDoubleClick={() => {
                      if (may(me, 'interactions')) void navigate({ to: '/interactions/$id', params: { id: rowId } });
                    }}
                  >
                    {row(rowId, t)}
                  </button>
                </li>
              );
            })}
          </ul>
        </div>
      )}
    </section>
  );
}

type Choice = Pick<ListProps, 'queue' | 'chosen' | 'choose'>;

export function WaitingList(props: Choice) {
  const t = useT();
  return (
    <List
      {...props}
      id="waiting"
      title={t('waiting.title')}
      hint={t('waiting.order')}
      rows={(queue) => waitingOf(interactions.rows.values(), queue)}
      row={(id, translate) => <Waiting id={id} t={translate} />}
      height={48}
      empty={t('waiting.none')}
      className={css.waiting}
    />
  );
}

export function CallList(props: Choice) {
  const t = useT();
  return (
    <List
      {...props}
      id="calls"
      title={t('calls.title')}
      hint={t('calls.order')}
      rows={(queue) => callsOf(interactions.rows.values(), queue)}
      row={(id, translate) => <Call id={id} t={translate} />}
      height={32}
      empty={t('calls.none')}
      className={css.calls}
    />
  );
}
