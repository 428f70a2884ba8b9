import { Link } from '@tanstack/react-router';
import { useEffect, useRef, useSyncExternalStore, type ReactNode } from 'react';
import { may } from '../../app/access';
import { useShell } from '../../app/frame';
import { everySecond } from '../../live/clock';
import { useSum } from '../../live/hooks';
import { agents, interactions, queues, useLive } from '../../live/live';
import { sparkline } from '../../live/samples';
import { count, decimal, duration, percent, seconds, UNKNOWN } from '../../text/format';
import { useT } from '../../text/i18n';
import { Clock } from '../../ui/Clock';
import { cx } from '../../ui/cx';
import css from './Figures.module.css';
import { figures, shortfall, waitingOf } from './figures';
import { listenSamples, samplesOf, samplesTaken, startSampling, type FigureName } from './samples';

/** How long the ground of a changed number takes to fade. */
const FADE_MS = 600;
const LEAST: Record<FigureName, number> = { service: 4, waiting: 4, longest: 30_000, abandoned: 2, handle: 20_000, occupancy: 10 };
const [WIDTH, HEIGHT] = [74, 24];

function Spark({ scope, name }: { scope: string | undefined; name: FigureName }) {
  useSyncExternalStore(listenSamples, samplesTaken);
  return (
    <svg className={css.spark} width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <path d={sparkline(samplesOf(scope, name), WIDTH, HEIGHT, LEAST[name])} />
    </svg>
  );
}

/** A number whose ground fades once when it changed. */
function Value({ text, tone }: { text: string; tone?: 'warn' | 'bad' | undefined }) {
  const place = useRef<HTMLSpanElement>(null);
  const before = useRef(text);
  useEffect(() => {
    if (before.current !== text && before.current !== UNKNOWN) {
      // Only the opacity of the ground changes, which costs the main thread nothing.
      place.current?.animate([{ opacity: 1 }, { opacity: 0 }], {
        duration: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : FADE_MS,
        pseudoElement: '::before',
      });
    }
    before.current = text;
  }, [text]);
  return (
    <span ref={place} className={cx(css.value, tone && css[tone])}>
      {text}
    </span>
  );
}

/** The six figures; each opens exactly what it was counted from. */
export function Figures({ queue }: { queue: string | undefined }) {
  const t = useT();
  const { me } = useShell();
  const known = useLive((state) => state.known);
  useEffect(startSampling, []);
  const now = useSum([queues, agents, interactions], () => {
    const chosen = [...queues.rows.values()].filter((one) => !queue || one.id === queue);
    const staff = [...agents.rows.values()].filter((one) => !queue || one.queues.includes(queue));
    return { ...figures(chosen, staff), longestId: waitingOf(interactions.rows.values(), queue)[0] ?? null };
  });
  const evidence = may(me, 'interactions');
  const threshold = now.goal?.threshold_ms ?? 20_000;
  const scope = queue ? { queue } : {};

  const cell = (name: FigureName, label: string, value: ReactNode, link: ReactNode) => (
    <div className={css.cell} key={name}>
      <span className={css.label} title={label}>
        {label}
      </span>
      {value}
      <Spark scope={queue} name={name} />
      {link}
    </div>
  );
  const list = (label: string, search: { outcome?: 'abandoned' | 'handled' }) =>
    evidence && (
      <Link to="/interactions" search={{ when: 'today', ...scope, ...search }} className={css.link} aria-label={t('figure.open', { figure: label })} />
    );
  const labels = {
    service: now.goal
      ? t('figure.service_goal', { goal: count(now.goal.goal), threshold: seconds(now.goal.threshold_ms) })
      : t('figure.service'),
    waiting: t('figure.waiting'),
    longest: t('figure.longest'),
    abandoned:
      known && now.offered > 0
        ? t('figure.abandoned_of', { part: count(now.abandonedCount), all: count(now.offered) })
        : t('figure.abandoned'),
    handle: t('figure.handle'),
    occupancy: t('figure.occupancy'),
  };
  const level = now.serviceLevel;

  return (
    <section className={css.figures} aria-label={t('figure.all')}>
      {cell(
        'service',
        labels.service,
        <Value
          text={known ? percent(level) : UNKNOWN}
          tone={shortfall(level, now.goal?.goal)}
        />,
        list(labels.service, {}),
      )}
      {cell(
        'waiting',
        labels.waiting,
        <Value text={known ? count(now.waiting) : UNKNOWN} />,
        <Link to="/board" search={(was) => was} hash="waiting" className={css.link} aria-label={t('figure.open', { figure: labels.waiting })} />,
      )}
      {cell(
        'longest',
        labels.longest,
        <LongestWait since={known ? now.longestSince : null} threshold={threshold} />,
        evidence && now.longestId ? (
          <Link
            to="/interactions/$id"
            params={{ id: now.longestId }}
            className={css.link}
            aria-label={t('figure.open', { figure: labels.longest })}
          />
        ) : (
          <Link to="/board" search={(was) => was} hash="waiting" className={css.link} aria-label={t('figure.open', { figure: labels.longest })} />
        ),
      )}
      {cell(
        'abandoned',
        labels.abandoned,
        <Value
          text={known ? percent(now.abandoned) : UNKNOWN}
        />,
        list(labels.abandoned, { outcome: 'abandoned' }),
      )}
      {cell('handle', labels.handle, <Value text={known ? duration(now.handleMs) : UNKNOWN} />, list(labels.handle, { outcome: 'handled' }))}
      {cell(
        'occupancy',
        labels.occupancy,
        <Value text={known && now.occupancy !== null ? `${decimal(now.occupancy, 0)}\u00a0%` : UNKNOWN} />,
        <Link
          to="/board"
          search={(was) => ({ ...was, state: 'talking' as const })}
          className={css.link}
          aria-label={t('figure.open', { figure: labels.occupancy })}
        />,
      )}
    </section>
  );
}

/** The clock of whoever waits longest, which turns to a warning by itself. */
function LongestWait({ since, threshold }: { since: number | null; threshold: number }) {
  const place = useRef<HTMLSpanElement>(null);
  useEffect(
    () =>
      everySecond((now) => {
        const waited = since === null ? 0 : now - since;
        const node = place.current;
        if (node) node.dataset.tone = waited > threshold * 3 ? 'bad' : waited > threshold ? 'warn' : 'fine';
      }),
    [since, threshold],
  );
  return (
    <span ref={place} className={css.value}>
      <Clock since={since} />
    </span>
  );
}
