import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { agentsQuery, interactionsQuery, LIST_IN_CALL_EVERY_MS, queryClient, type InteractionFilter } from '../../api/queries';
import { progressOf, talkedOf, talkingSince, waitedOf, waitingSince } from '../../api/measures';
import type { Interaction } from '../../api/types';
import { seesOnlyOwn } from '../../app/access';
import { useMyAgent } from '../../app/mine';
import { useKeys } from '../../app/keys';
import { TopSlot, useShell } from '../../app/frame';
import { count, moment, phone, UNKNOWN, zone } from '../../text/format';
import { langOf, numberBeside, partyName } from '../../text/party';
import { useT, type Translate } from '../../text/i18n';
import { Measured } from '../../ui/Clock';
import { cx } from '../../ui/cx';
import { Button } from '../../ui/controls';
import { Icon } from '../../ui/Icon';
import { Empty, Failed, Lines } from '../../ui/notes';
import { InteractionIcon, interactionTone, interactionWord, toneClass } from '../../ui/State';
import { Outcome } from '../../ui/Outcome';
import { Filters } from './Filters';
import css from './list.module.css';
import { spanOf } from './period';

const ROW_PX = 36;
/** The next page is asked for when so many rows are left below. */
const AHEAD = 15;

function Row({ one, t, nameOf, chosen }: { one: Interaction; t: Translate; nameOf: (id: string) => string; chosen: boolean }) {
  const name = partyName(one.from);
  const open = one.state !== 'closed';
  return (
    <>
      <span role="cell" className={css.when}>
        {moment(one.arrived_at)}
      </span>
      <span role="cell" className={css.who}>
        <Link to="/interactions/$id" params={{ id: one.id }} className={css.link} data-open={one.id} tabIndex={chosen ? 0 : -1}>
          <b lang={langOf(name)}>{name}</b>
        </Link>
        {numberBeside(one.from) && <span className={css.number}>{numberBeside(one.from)}</span>}
      </span>
      <span role="cell" className={cx(css.cut, css.to)}>
        {phone(one.to)}
      </span>
      <span role="cell" className={css.cut}>
        {one.queue ?? UNKNOWN}
      </span>
      <span role="cell" className={css.cut}>
        {one.agent ? nameOf(one.agent) : UNKNOWN}
      </span>
      <span role="cell" className={css.outcome}>
        {open ? (
          <span className={cx(css.open, toneClass(interactionTone(one.state)))}>
            <InteractionIcon state={one.state} /> {interactionWord(t, one.state)}
          </span>
        ) : (
          <Outcome outcome={one.outcome ?? null} />
        )}
      </span>
      <span role="cell" className={css.right}>
        <Measured ms={waitedOf(one)} since={waitingSince(one)} />
      </span>
      <span role="cell" className={css.right}>
        <Measured ms={talkedOf(one)} since={talkingSince(one)} />
      </span>
      <span role="cell" className={css.right}>
        {one.offers ? count(one.offers) : UNKNOWN}
      </span>
      <span role="cell" className={css.rec}>
        {one.recordings.some((recording) => progressOf(recording) !== 'failed') && (
          <span role="img" className={css.outcome} aria-label={t('list.recorded')} title={t('list.recorded')}>
            <Icon name="talking" />
          </span>
        )}
      </span>
    </>
  );
}

/** All interactions this person may see, the newest first. */
export default function Interactions() {
  const t = useT();
  const { me } = useShell();
  const search = useSearch({ from: '/inside/interactions' });
  const navigate = useNavigate({ from: '/interactions' });
  const when = search.when ?? 'today';
  const filter = useMemo<InteractionFilter>(() => {
    const { from, to, queue, agent, outcome, number } = search;
    return { ...spanOf(when, Date.now(), { from, to }), queue, agent, outcome, number };
  }, [search, when]);
  const mine = useMyAgent(me);
  const call = mine?.interaction ? `${mine.interaction} ${mine.state}` : '';
  const list = useInfiniteQuery(interactionsQuery(filter, call === '' ? undefined : LIST_IN_CALL_EVERY_MS));
  // A call that came, was taken or ended is seen in the list at once.
  const seen = useRef(call);
  useEffect(() => {
    if (seen.current === call) return;
    seen.current = call;
    void queryClient.invalidateQueries({ queryKey: ['interactions'] });
  }, [call]);
  const staff = useQuery(agentsQuery);
  const names = useMemo(() => new Map(staff.data?.agents.map((agent) => [agent.id, agent.name])), [staff.data]);
  const nameOf = useCallback((id: string) => names.get(id) ?? id, [names]);
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.interactions) ?? [], [list.data]);
  const box = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(0);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: useCallback(() => box.current, []),
    estimateSize: () => ROW_PX,
    overscan: 10,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  const items = virtual.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && lastShown >= rows.length - AHEAD) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, lastShown, rows.length]);

  const move = (by: number) => {
    const next = Math.min(rows.length - 1, Math.max(0, at + by));
    const focusedAlready = document.activeElement?.closest('[data-open]') !== null;
    const target = focusedAlready ? next : at;
    const id = rows[target]?.id;
    if (!id) return;
    setAt(target);
    virtual.scrollToIndex(target, { align: 'auto' });
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-open="${CSS.escape(id)}"]`)?.focus());
  };
  useKeys([
    { keys: 'J', match: 'KeyJ', layer: 2, label: 'keys.next', run: () => move(1) },
    { keys: 'K', match: 'KeyK', layer: 2, label: 'keys.previous', run: () => move(-1) },
    { keys: '↓', match: 'ArrowDown', layer: 2, label: 'keys.next', run: () => move(1) },
    { keys: '↑', match: 'ArrowUp', layer: 2, label: 'keys.previous', run: () => move(-1) },
  ]);

  const filtered = Boolean(search.queue ?? search.agent ?? search.outcome ?? search.number);
  return (
    <div className={css.page}>
      <TopSlot title={t(seesOnlyOwn(me) ? 'list.title_mine' : 'list.title')} />
      <Filters search={search} when={when} agents={staff.data?.agents ?? []} update={(next) => void navigate({ search: (was) => ({ ...was, ...next }) })} />
      <div ref={box} className={css.box}>
        <div role="table" aria-label={t('list.title')} aria-rowcount={hasNextPage ? -1 : rows.length + 1} className={css.table}>
          <div role="row" className={cx(css.row, css.titles)}>
            <span role="columnheader">
              {t('list.arrived')} <small>{zone(Date.now())}</small>
            </span>
            <span role="columnheader">{t('list.from')}</span>
            <span role="columnheader" className={css.to}>
              {t('list.to')}
            </span>
            <span role="columnheader">{t('list.queue')}</span>
            <span role="columnheader">{t('list.agent')}</span>
            <span role="columnheader">{t('list.outcome')}</span>
            <span role="columnheader" className={css.right}>
              {t('list.waited')}
            </span>
            <span role="columnheader" className={css.right}>
              {t('list.talked')}
            </span>
            <span role="columnheader" className={css.right}>
              {t('list.offers')}
            </span>
            <span role="columnheader" className={css.rec}>
              <span className={css.hidden}>{t('list.recorded')}</span>
            </span>
          </div>
          {rows.length > 0 && (
            <div role="rowgroup" className={css.rows} style={{ height: virtual.getTotalSize() }}>
              {items.map((item) => {
                const one = rows[item.index];
                return one ? (
                  <div
                    key={item.key}
                    role="row"
                    aria-rowindex={item.index + 2}
                    className={cx(css.row, css.body)}
                    style={{ height: ROW_PX, transform: `translateY(${item.start}px)` }}
                    onFocus={() => setAt(item.index)}
                  >
                    <Row one={one} t={t} nameOf={nameOf} chosen={item.index === at} />
                  </div>
                ) : null;
              })}
            </div>
          )}
        </div>
        {list.isPending ? (
          <Lines rows={12} height={ROW_PX} />
        ) : list.isError && rows.length === 0 ? (
          <Failed what={t('list.failed')} error={list.error} again={() => void list.refetch()} />
        ) : rows.length === 0 ? (
          <Empty
            icon="list"
            action={
              filtered ? (
                <Button onPress={() => void navigate({ search: { when } })}>{t('list.clear')}</Button>
              ) : when === 'all' ? undefined : (
                <Button onPress={() => void navigate({ search: (was) => ({ ...was, when: 'all' as const }) })}>{t('list.show_all')}</Button>
              )
            }
          >
            {t(filtered ? 'list.none_filtered' : seesOnlyOwn(me) ? 'list.none_mine' : 'list.none')}
          </Empty>
        ) : (
          <p role="status" className={css.end}>
            {isFetchingNextPage ? t('note.loading') : list.isError ? t('list.more_failed') : hasNextPage ? '' : t('list.end', { n: rows.length })}
          </p>
        )}
      </div>
    </div>
  );
}
