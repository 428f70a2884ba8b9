import { memo, useEffect, useMemo, useRef, type CSSProperties } from 'react';
import { duration, clockFine } from '../../text/format';
import type { NameOf } from '../../text/sentences';
import { useT, type Translate } from '../../text/i18n';
import { cx } from '../../ui/cx';
import { Empty } from '../../ui/notes';
import { useChosen, useCursor } from './cursor';
import { labelOf, ladderOf, type Column, type Rung } from './ladder';
import css from './Ladder.module.css';
import type { Entry, Story } from './story';

function columnName(t: Translate, column: Column, nameOf: NameOf): string {
  if (column.role === 'us') return 'hotline';
  if (column.agent) return nameOf(column.agent);
  return t(`role.leg.${column.role}`);
}

const Message = memo(function Message({ rung, columns, chosen, choose, describe }: {
  rung: Extract<Rung, { kind: 'message' }>;
  columns: number;
  chosen: boolean;
  choose: () => void;
  describe: string;
}) {
  const place = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (chosen) place.current?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  const [low, high] = [Math.min(rung.from, rung.to), Math.max(rung.from, rung.to)];
  const style = { '--low': (low + 0.5) / columns, '--span': (high - low) / columns } as CSSProperties;
  return (
    <button ref={place} type="button" className={cx(css.rung, css[rung.look])} style={style} aria-current={chosen ? 'true' : undefined} onClick={choose}>
      <span className={css.at}>{clockFine(rung.at)}</span>
      <span className={css.field}>
        <span className={css.arrow} data-left={rung.to < rung.from}>
          <span className={css.label}>{labelOf(rung.line.summary)}</span>
        </span>
        <span className={css.hidden}>{describe}</span>
      </span>
    </button>
  );
});

/** The SIP messages of all legs: who sent what to whom, and when. */
export function Ladder({ story, nameOf }: { story: Story; nameOf: NameOf }) {
  const t = useT();
  const cursor = useCursor();
  const chosen = useChosen();
  const ladder = useMemo(() => ladderOf(story.entries, story.agentOfLeg), [story]);
  const byKey = useMemo(() => new Map<string, Entry>(story.entries.map((entry) => [entry.key, entry])), [story]);
  const names = ladder.columns.map((column) => columnName(t, column, nameOf));
  return (
    <section className={css.panel} aria-labelledby="ladder-title">
      <header className={css.head}>
        <h2 id="ladder-title">{t('ladder.title')}</h2>
        <span>{t('ladder.hint')}</span>
      </header>
      {ladder.rungs.length === 0 ? (
        <Empty icon="signal">{t('ladder.none')}</Empty>
      ) : (
        <div className={css.box}>
          <div className={css.columns} style={{ gridTemplateColumns: `88px repeat(${names.length}, minmax(0, 1fr))`, minWidth: 88 + names.length * 96 }}>
            <span />
            {ladder.columns.map((column, index) => (
              <span key={column.id} className={css.column} title={column.remote}>
                <b>{names[index]}</b>
                <small>{column.role === 'us' ? t('ladder.us') : (column.remote ?? '')}</small>
              </span>
            ))}
          </div>
          <div className={css.body} style={{ minWidth: 88 + names.length * 96 }}>
            <div className={css.lifelines} aria-hidden="true">
              {names.map((name, index) => (
                <i key={`${name}${String(index)}`} style={{ left: `${((index + 0.5) / names.length) * 100}%` }} />
              ))}
            </div>
            {ladder.rungs.map((rung) =>
              rung.kind === 'pause' ? (
                <p key={rung.key} className={css.pause}>
                  <span>{t('ladder.pause', { time: duration(rung.ms) })}</span>
                </p>
              ) : (
                <Message
                  key={rung.key}
                  rung={rung}
                  columns={names.length}
                  chosen={rung.key === chosen}
                  choose={() => {
                    const entry = byKey.get(rung.key);
                    if (entry) cursor.choose(entry);
                  }}
                  describe={t('ladder.message', {
                    from: names[rung.from] ?? '',
                    to: names[rung.to] ?? '',
                  })}
                />
              ),
            )}
          </div>
        </div>
      )}
    </section>
  );
}
