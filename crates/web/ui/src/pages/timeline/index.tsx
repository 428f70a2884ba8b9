import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Fault } from '../../api/client';
import { agentsQuery, timelineQuery } from '../../api/queries';
import type { LegSound, Timeline } from '../../api/types';
import { may } from '../../app/access';
import { useKeys } from '../../app/keys';
import { NotAllowed } from '../../app/Notice';
import { TopSlot, useShell } from '../../app/frame';
import { useRow } from '../../live/hooks';
import { interactions, serverNow } from '../../live/live';
import { duration, momentFull } from '../../text/format';
import { langOf, numberBeside, partyName } from '../../text/party';
import { useT } from '../../text/i18n';
import { Icon } from '../../ui/Icon';
import { Empty, Failed, Lines } from '../../ui/notes';
import { Outcome } from '../../ui/Outcome';
import { InteractionIcon, interactionWord } from '../../ui/State';
import { Axis } from './Axis';
import { Cursor, CursorContext } from './cursor';
import { Copy, Details } from './Details';
import { Events, KINDS } from './Events';
import { Ladder } from './Ladder';
import { Player } from './Player';
import { entryAt, mainRecording, storyOf, type Kind } from './story';
import css from './timeline.module.css';

function useNames(): (agent: string) => string {
  const staff = useQuery(agentsQuery);
  const names = useMemo(() => new Map(staff.data?.agents.map((agent) => [agent.id, agent.name])), [staff.data]);
  return useCallback((agent: string) => names.get(agent) ?? agent, [names]);
}

const NO_SOUND: readonly LegSound[] = [];

/** The loaded story. */
function Told({ timeline }: { timeline: Timeline }) {
  const t = useT();
  const { me } = useShell();
  const { at } = useSearch({ from: '/inside/interactions/$id' });
  const nameOf = useNames();
  const { interaction } = timeline;
  const story = useMemo(() => storyOf(timeline, serverNow()), [timeline]);
  const recording = useMemo(
    () => (may(me, 'recordings') ? mainRecording(interaction.recordings) : undefined),
    [interaction.recordings, me],
  );
  const cursor = useRef<Cursor | undefined>(undefined);
  cursor.current ??= new Cursor(story.start);
  const joined = cursor.current;
  const [kinds, setKinds] = useState<ReadonlySet<Kind>>(() => new Set(KINDS.filter((kind) => kind !== 'sip')));
  const shown = useMemo(() => story.entries.filter((entry) => kinds.has(entry.kind)), [story, kinds]);
  useEffect(() => joined.know(shown), [joined, shown]);

  // A link may name the moment that is meant.
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) return;
    first.current = false;
    if (at === undefined) return;
    const entry = entryAt(story.entries, story.start + at);
    if (entry) joined.choose(entry);
  }, [at, story, joined]);

  useKeys([
    { keys: 'J', match: 'KeyJ', layer: 2, label: 'keys.next_event', run: () => joined.step(shown, 1) },
    { keys: 'K', match: 'KeyK', layer: 2, label: 'keys.previous_event', run: () => joined.step(shown, -1) },
    { keys: 'Esc', match: 'Escape', layer: 2, label: 'keys.unchoose', run: () => joined.clear() },
  ]);

  const name = partyName(interaction.from);
  const toggle = (kind: Kind) => {
    const next = new Set(kinds);
    if (!next.delete(kind)) next.add(kind);
    setKinds(next);
  };
  return (
    <CursorContext value={joined}>
      <div className={css.page}>
        <header className={css.head}>
          <Link to="/interactions" className={css.back} aria-label={t('timeline.back')}>
            <Icon name="left" size={16} />
          </Link>
          <h2 className={css.name} lang={langOf(name)}>
            {name}
          </h2>
          {numberBeside(interaction.from) && <span className={css.second}>{numberBeside(interaction.from)}</span>}
          <span className={css.tag}>
            {interaction.state === 'closed' ? (
              <Outcome outcome={interaction.outcome ?? null} />
            ) : (
              <span className={css.open}>
                <InteractionIcon state={interaction.state} /> {interactionWord(t, interaction.state)}
              </span>
            )}
          </span>
          {interaction.queue && (
            <span className={css.tag}>
              <Icon name="queue" /> {interaction.queue}
            </span>
          )}
          {interaction.agent && (
            <span className={css.tag}>
              <Icon name="agent" /> {nameOf(interaction.agent)}
            </span>
          )}
          <span className={css.when}>
            {momentFull(interaction.arrived_at)} · {duration(story.end - story.start)}
          </span>
          <span className={css.id}>{interaction.id}</span>
          <Copy
            text={() => {
              const moment = Math.round(joined.at - story.start);
              const at = joined.entry() === undefined || moment <= 0 ? '' : `?at=${moment}`;
              return `${location.origin}/interactions/${interaction.id}${at}`;
            }}
            label={t('copy.link')}
          />
        </header>
        <Axis story={story} recording={recording} nameOf={nameOf} />
        <Events story={story} shown={shown} kinds={kinds} toggle={toggle} nameOf={nameOf} />
        <Ladder story={story} nameOf={nameOf} />
        <Details interaction={interaction} story={story} sound={timeline.sound ?? NO_SOUND} nameOf={nameOf} />
        <Player recording={recording} open={story.open} end={story.end} />
      </div>
    </CursorContext>
  );
}

/** How soon the story of the own call is asked for again when it is not written down yet. */
const SOON_MS = 1_000;

/** What happened, and why. */
export default function TimelinePage() {
  const t = useT();
  const { id } = useParams({ from: '/inside/interactions/$id' });
  const { me } = useShell();
  const story = useQuery(timelineQuery(id));
  // An interaction that is open on the board is read again as soon as its row changes.
  const row = useRow(interactions, id);
  const refetch = story.refetch;
  const seen = useRef(row);
  useEffect(() => {
    if (seen.current !== row) void refetch();
    seen.current = row;
  }, [row, refetch]);

  const { error } = story;
  // The library writes down who took a call a moment after the call is taken.
  const soon = error instanceof Fault && error.status === 403 && row?.agent === me.login && row.state !== 'offered';
  useEffect(() => {
    if (!soon) return undefined;
    const timer = setInterval(() => void refetch(), SOON_MS);
    return () => clearInterval(timer);
  }, [soon, refetch]);
  return (
    <>
      <TopSlot title={t('timeline.title')} tab={story.data && (partyName(story.data.interaction.from) || story.data.interaction.id)} />
      {story.data ? (
        <Told key={id} timeline={story.data} />
      ) : soon ? (
        <Lines rows={14} />
      ) : error instanceof Fault && error.status === 403 ? (
        <NotAllowed />
      ) : error instanceof Fault && error.status === 404 ? (
        <Empty icon="find" action={<Link to="/interactions">{t('timeline.back')}</Link>}>
          {t('timeline.none', { id })}
        </Empty>
      ) : error ? (
        <Failed what={t('timeline.failed')} error={error} again={() => void refetch()} />
      ) : (
        <Lines rows={14} />
      )}
    </>
  );
}
