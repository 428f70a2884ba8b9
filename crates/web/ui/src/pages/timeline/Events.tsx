import { memo, useEffect, useRef } from 'react';
import { offset } from '../../text/format';
import { eventTitle, eventWhy, isWrongNumber } from '../../text/events';
import type { NameOf } from '../../text/sentences';
import { useT } from '../../text/i18n';
import { cx } from '../../ui/cx';
import { Icon, type IconName } from '../../ui/Icon';
import { Empty } from '../../ui/notes';
import { useChosen, useCursor } from './cursor';
import css from './Events.module.css';
import type { Entry, Kind, Story } from './story';

export const KINDS: readonly Kind[] = ['routing', 'flow', 'agents', 'media', 'sip'];

const ICONS: Record<Entry['line']['kind'], IconName> = {
  arrived: 'phone',
  answered: 'check',
  step: 'flow',
  digit: 'keys',
  queued: 'clock',
  position_told: 'queue',
  offered: 'reserved',
  not_taken: 'x',
  connected: 'talking',
  held: 'hold',
  resumed: 'talking',
  dialed: 'phone',
  emergency_called: 'warning',
  one_way: 'warning',
  way_restored: 'check',
  passed_on: 'transfer',
  transferred: 'talking',
  leg_ended: 'end',
  recording_started: 'record',
  recording_stopped: 'record',
  recording_changed: 'record',
  recording_failed: 'warning',
  conferring: 'conference',
  conference_muted: 'conference',
  left_conference: 'conference',
  monitor_rung: 'ear',
  monitored: 'ear',
  monitor_ended: 'ear',
  agent_changed: 'agent',
  trouble: 'warning',
  closed: 'check',
  started: 'warning',
  sip: 'signal',
};

const Row = memo(function Row({ entry, start, chosen, nameOf, agentOfLeg, language }: {
  entry: Entry;
  start: number;
  chosen: boolean;
  nameOf: NameOf;
  agentOfLeg: ReadonlyMap<string, string>;
  language: string;
}) {
  const cursor = useCursor();
  const place = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (chosen) place.current?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  const why = eventWhy(entry.line, nameOf);
  return (
    <li ref={place}>
      <button
        type="button"
        className={cx(css.row, css[entry.kind])}
        data-event={isWrongNumber(entry.line) ? 'wrong_number' : entry.line.kind}
        lang={language}
        aria-current={chosen ? 'true' : undefined}
        onClick={() => cursor.choose(entry)}
      >
        <span className={css.at}>{offset(entry.line.at - start)}</span>
        <Icon name={isWrongNumber(entry.line) ? 'x' : (ICONS[entry.line.kind] ?? 'check')} />
        <span className={css.text}>
          <span className={css.title}>{eventTitle(entry.line, nameOf, agentOfLeg)}</span>
          {why.map((sentence) => (
            <span key={sentence} className={css.why}>
              {sentence}
            </span>
          ))}
        </span>
      </button>
    </li>
  );
});

interface Props {
  story: Story;
  shown: readonly Entry[];
  kinds: ReadonlySet<Kind>;
  toggle: (kind: Kind) => void;
  nameOf: NameOf;
}

/** What happened, in order, each decision with its reason. */
export function Events({ story, shown, kinds, toggle, nameOf }: Props) {
  const t = useT();
  const chosen = useChosen();
  return (
    <section className={css.panel} aria-labelledby="events-title">
      <header className={css.head}>
        <h2 id="events-title">{t('events.title')}</h2>
        <div role="group" aria-label={t('events.filter')} className={css.filter}>
          {KINDS.map((kind) => (
            <button key={kind} type="button" aria-pressed={kinds.has(kind)} onClick={() => toggle(kind)}>
              {t(`events.kind.${kind}`)}
            </button>
          ))}
        </div>
      </header>
      {shown.length === 0 ? (
        <Empty icon="list">{t('events.none')}</Empty>
      ) : (
        <ol className={css.list}>
          {shown.map((entry) => (
            <Row key={entry.key} entry={entry} start={story.start} chosen={entry.key === chosen} nameOf={nameOf} agentOfLeg={story.agentOfLeg} language={t('language.tag')} />
          ))}
        </ol>
      )}
    </section>
  );
}
