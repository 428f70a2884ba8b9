import { Link, useNavigate } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { may } from '../../app/access';
import { useSettings } from '../../app/settings';
import { useShell } from '../../app/frame';
import { AGENT_STATES, type AgentState, type AgentView } from '../../api/types';
import { useOrder, useRow, useSum } from '../../live/hooks';
import { agents, interactions, serverNow, useLive } from '../../live/live';
import { count, duration } from '../../text/format';
import { langOf, partyName } from '../../text/party';
import { notReadyReason } from '../../text/sentences';
import { useT, type Translate } from '../../text/i18n';
import { Clock } from '../../ui/Clock';
import { Button } from '../../ui/controls';
import { cx } from '../../ui/cx';
import { Icon } from '../../ui/Icon';
import { Empty, Lines } from '../../ui/notes';
import { AgentIcon, agentWord } from '../../ui/State';
import css from './Agents.module.css';
import { attention, countStates, grouped, keepGroups, type Attention, type Group } from './figures';
import { useHold } from '../../live/hold';
import { rowsOf, step, type TileRow } from './tiles';

const callOf = (agent: AgentView) => (agent.interaction ? interactions.rows.get(agent.interaction) : undefined);

export function attentionText(t: Translate, why: Attention): string {
  if (why.code === 'missed') return t('attention.missed');
  if (why.code === 'unreachable') return t('attention.unreachable');
  return t(`attention.${why.what}`, { limit: duration(why.limit) });
}

/** What an agent is at, in a few words. */
function detail(t: Translate, agent: AgentView, call: ReturnType<typeof callOf>): string {
  if (agent.state === 'not_ready') return notReadyReason(agent.reason) || agent.queues.join(', ');
  if (call) return [partyName(call.from), call.queue].filter(Boolean).join(' · ');
  return agent.queues.join(', ') || t('agents.no_queue');
}

const Tile = memo(function Tile({ id, hot, rich, chosen, focusable }: { id: string; hot: boolean; rich: boolean; chosen: boolean; focusable: boolean }) {
  const t = useT();
  const agent = useRow(agents, id);
  const call = useRow(interactions, agent?.interaction);
  const limits = useSettings((state) => state.limits);
  if (!agent) return <span className={css.tile} />;
  const why = hot ? attention(agent, call, limits, serverNow()) : null;
  const second = why ? attentionText(t, why) : hot || rich ? detail(t, agent, call) : '';
  return (
    <button
      type="button"
      data-agent={id}
      className={cx(css.tile, (hot || rich) && css.two, why && css.hot)}
      aria-pressed={chosen}
      tabIndex={focusable ? 0 : -1}
      title={`${agent.name} · ${agentWord(t, agent.state)} · ${detail(t, agent, call)}`}
    >
      <AgentIcon state={agent.state} onHold={call?.state === 'on_hold'} />
      <span className={css.hidden}>{agentWord(t, agent.state)}</span>
      <span className={css.name} lang={langOf(agent.name)}>
        {agent.name}
      </span>
      {agent.state !== 'logged_out' && (
        <Clock since={agent.since} until={agent.until} className={css.clock} />
      )}
      {second && (
        <small className={css.second} lang={langOf(second)}>
          {second}
        </small>
      )}
    </button>
  );
});

/** The counts by state, which are the filters. */
function Filters({ queue, state }: { queue: string | undefined; state: AgentState | undefined }) {
  const t = useT();
  const counts = useSum([agents], () =>
    countStates([...agents.rows.values()].filter((agent) => !queue || agent.queues.includes(queue))),
  );
  return (
    <div role="group" aria-label={t('agents.filter')} className={css.filters}>
      {AGENT_STATES.map((one, index) => (
        <Link
          key={one}
          to="/board"
          search={(was) => ({ ...was, state: state === one ? undefined : one })}
          className={cx(css.filter, state === one && css.on)}
          aria-current={state === one ? 'true' : undefined}
          aria-keyshortcuts={String(index + 1)}
          title={agentWord(t, one)}
          replace
        >
          <AgentIcon state={one} />
          <span>{agentWord(t, one)}</span>
          <b>{count(counts[one])}</b>
        </Link>
      ))}
    </div>
  );
}

const HEAD_PX = 32;
const GAP_PX = 4;
const TILE_PX = 32;
const TWO_PX = 44;
const TILE_LEAST_PX = 148;
/** Up to so many agents there is room to say what each is at. */
const RICH_UP_TO = 60;

function hint(t: Translate, group: Group): string {
  if (group === 'attention') return t('agents.hint.attention');
  if (group === 'ready') return t('agents.hint.ready');
  if (group === 'logged_out') return '';
  return t('agents.hint.longest');
}

interface Props {
  queue: string | undefined;
  state: AgentState | undefined;
  chosen: string | undefined;
  choose: (id: string | undefined) => void;
  openLimits: () => void;
}

export function Agents({ queue, state, chosen, choose, openLimits }: Props) {
  const t = useT();
  const { me } = useShell();
  const navigate = useNavigate();
  const known = useLive((one) => one.known);
  const limits = useSettings((one) => one.limits);
  const box = useRef<HTMLDivElement>(null);
  const [columns, setColumns] = useState(5);
  const [focused, setFocused] = useState<string | undefined>(undefined);

  const order = useOrder(
    [agents, interactions],
    `${queue} ${state} ${JSON.stringify(limits)} ${known}`,
    () =>
      grouped(
        [...agents.rows.values()].filter((agent) => !queue || agent.queues.includes(queue)),
        callOf,
        limits,
        serverNow(),
        state,
      ),
    keepGroups,
  );
  const hold = useHold(order.hold);
  const total = order.value.reduce((sum, group) => sum + group.ids.length, 0);
  const rich = total <= RICH_UP_TO;
  const rows = useMemo(() => rowsOf(order.value, columns), [order.value, columns]);
  const heightOf = useCallback(
    (row: TileRow | undefined) => (row?.kind === 'head' ? HEAD_PX : (row?.hot || rich ? TWO_PX : TILE_PX) + GAP_PX),
    [rich],
  );
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: useCallback(() => box.current, []),
    estimateSize: (index) => heightOf(rows[index]),
    overscan: 6,
    getItemKey: (index) => rows[index]?.key ?? index,
  });
  const measure = virtual.measure;
  useEffect(measure, [measure, rows, rich]);

  useEffect(() => {
    const node = box.current;
    if (!node) return undefined;
    const observer = new ResizeObserver(() =>
      setColumns(Math.max(1, Math.floor((node.clientWidth - 24 + GAP_PX) / (TILE_LEAST_PX + GAP_PX)))),
    );
    observer.observe(node);
    return () => observer.disconnect();
  }, []);

  const first = order.value[0]?.ids[0];
  const tabStop = focused && order.value.some((group) => group.ids.includes(focused)) ? focused : (chosen ?? first);

  const focusOn = (id: string) => {
    setFocused(id);
    const row = rows.findIndex((one) => one.kind === 'tiles' && one.ids.includes(id));
    if (row >= 0) virtual.scrollToIndex(row, { align: 'auto' });
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-agent="${CSS.escape(id)}"]`)?.focus());
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    hold.onKeyDown();
    const id = (event.target as HTMLElement).dataset.agent;
    if (!id) return;
    if (event.key === 'Enter') {
      const call = agents.rows.get(id)?.interaction;
      if (call && may(me, 'interactions')) {
        event.preventDefault();
        void navigate({ to: '/interactions/$id', params: { id: call } });
      }
      return;
    }
    const next = step(rows, id, event.key);
    if (next) {
      event.preventDefault();
      focusOn(next);
    }
  };

  return (
    <section className={css.panel} aria-labelledby="agents-title">
      <header className={css.head}>
        <h2 id="agents-title">{t('agents.title')}</h2>
        <Filters queue={queue} state={state} />
        <Button kind="icon" onPress={openLimits} aria-label={t('limits.title')}>
          <Icon name="sliders" size={16} />
        </Button>
      </header>
      {/* The tiles are buttons; the box listens for the arrows that lead from one to the next. */}
      {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions, jsx-a11y/click-events-have-key-events */}
      <div
        ref={box}
        id="agents"
        tabIndex={-1}
        className={css.box}
        {...hold}
        onKeyDown={onKeyDown}
        onClick={(event) => {
          const id = (event.target as HTMLElement).closest<HTMLElement>('[data-agent]')?.dataset.agent;
          if (!id) return;
          setFocused(id);
          choose(id === chosen ? undefined : id);
        }}
        onDoubleClick={(event) => {
          const id = (event.target as HTMLElement).closest<HTMLElement>('[data-agent]')?.dataset.agent;
          const call = id ? agents.rows.get(id)?.interaction : undefined;
          if (call && may(me, 'interactions')) void navigate({ to: '/interactions/$id', params: { id: call } });
        }}
      >
        {!known ? (
          <Lines rows={6} height={40} />
        ) : total === 0 ? (
          <Empty
            icon="agent"
            action={
              state && (
                <Link to="/board" search={(was) => ({ ...was, state: undefined })}>
                  {t('agents.show_all')}
                </Link>
              )
            }
          >
            {state ? t('agents.none_in_state', { state: agentWord(t, state) }) : t('agents.none')}
          </Empty>
        ) : (
          <div className={css.rows} style={{ height: virtual.getTotalSize() + 8 }}>
            {virtual.getVirtualItems().map((item) => {
              const row = rows[item.index];
              if (!row) return null;
              const style = { height: item.size, transform: `translateY(${item.start}px)` };
              if (row.kind === 'head') {
                return (
                  <h3 key={item.key} className={css.group} style={style}>
                    {row.group === 'attention' ? <Icon name="warning" className={css.alarm} /> : <AgentIcon state={row.group} />}
                    <span>{row.group === 'attention' ? t('agents.attention') : agentWord(t, row.group)}</span>
                    <b>{count(row.size)}</b>
                    <span className={css.hint}>{hint(t, row.group)}</span>
                  </h3>
                );
              }
              return (
                <div key={item.key} className={css.tiles} style={{ ...style, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
                  {row.ids.map((id) => (
                    <Tile key={id} id={id} hot={row.hot} rich={rich} chosen={id === chosen} focusable={id === tabStop} />
                  ))}
                </div>
              );
            })}
          </div>
        )}
      </div>
    </section>
  );
}
