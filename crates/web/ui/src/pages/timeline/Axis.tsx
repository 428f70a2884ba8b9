import { useEffect, useMemo, useRef, useState, type PointerEvent } from 'react';
import { progressOf } from '../../api/measures';
import type { Recording } from '../../api/types';
import { duration } from '../../text/format';
import { useT } from '../../text/i18n';
import { cx } from '../../ui/cx';
import { useSettings } from '../../app/settings';
import css from './Axis.module.css';
import { useCursor } from './cursor';
import { keptOut, ticks, type Story } from './story';
import { columnOf, outlineOf, type Outline } from './waveform';

function useOutline(recording: Recording | undefined): Outline | 'loading' | 'plain' {
  const [outline, setOutline] = useState<Outline | 'loading' | 'plain'>('loading');
  const url = recording?.url;
  const fits = recording?.length_ms != null && progressOf(recording) === 'done';
  useEffect(() => {
    if (!url || !fits) {
      setOutline('plain');
      return undefined;
    }
    const stop = new AbortController();
    setOutline('loading');
    outlineOf(url, stop.signal).then(
      (made) => setOutline(made),
      () => {
        if (!stop.signal.aborted) setOutline('plain');
      },
    );
    return () => stop.abort();
  }, [url, fits]);
  return outline;
}

/** Caller above the line, agent below it, so that one sees who spoke. */
function Wave({ outline }: { outline: Outline }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useSettings((state) => state.theme);
  useEffect(() => {
    const node = canvas.current;
    if (!node) return undefined;
    const draw = () => {
      const ratio = devicePixelRatio || 1;
      const [width, height] = [node.clientWidth, node.clientHeight];
      if (width === 0) return;
      node.width = Math.round(width * ratio);
      node.height = Math.round(height * ratio);
      const pen = node.getContext('2d');
      if (!pen) return;
      pen.scale(ratio, ratio);
      const style = getComputedStyle(node);
      const colors = [style.getPropertyValue('--accent'), style.getPropertyValue('--text3')];
      const middle = height / 2;
      outline.sides.forEach((side, index) => {
        pen.fillStyle = colors[index] ?? '#888';
        const both = outline.sides.length === 1;
        for (let x = 0; x < width; x += 2) {
          const value = columnOf(side, x / width);
          const tall = Math.max(0.5, value * (middle - 1));
          if (both) pen.fillRect(x, middle - tall, 1.4, tall * 2);
          else pen.fillRect(x, index === 0 ? middle - tall : middle, 1.4, tall);
        }
      });
    };
    draw();
    const observer = new ResizeObserver(draw);
    observer.observe(node);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', draw);
    return () => {
      observer.disconnect();
      dark.removeEventListener('change', draw);
    };
  }, [outline, theme]);
  return <canvas ref={canvas} className={css.canvas} aria-hidden="true" />;
}

interface Props {
  story: Story;
  recording: Recording | undefined;
  nameOf: (agent: string) => string;
}

/** One time axis: a lane per party, the sound below, one cursor through all. */
export function Axis({ story, recording, nameOf }: Props) {
  const t = useT();
  const cursor = useCursor();
  const { start, end } = story;
  const length = end - start;
  const track = useRef<HTMLDivElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const outline = useOutline(recording);
  const marks = useMemo(() => ticks(length), [length]);
  const part = (at: number) => `${(Math.min(Math.max(0, at - start), length) / length) * 100}%`;
  const wide = (from: number, to: number) => `${(Math.max(0, to - from) / length) * 100}%`;

  useEffect(
    () =>
      cursor.follow((at) => {
        if (head.current) head.current.style.left = `${(Math.min(Math.max(0, at - start), length) / length) * 100}%`;
      }),
    [cursor, start, length],
  );
  const seek = (event: PointerEvent<HTMLDivElement>) => {
    const box = track.current?.getBoundingClientRect();
    if (!box || (event.type === 'pointermove' && event.buttons !== 1)) return;
    if (event.type === 'pointerdown') event.currentTarget.setPointerCapture(event.pointerId);
    cursor.seek(start + Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * length);
  };
  const failed = recording !== undefined && progressOf(recording) === 'failed';
  const heardFrom = failed ? undefined : recording?.started_at;
  const heardTo = heardFrom === undefined ? undefined : heardFrom + (recording?.length_ms ?? end - heardFrom);
  /** A time of the recording as a part of it. */
  const share = (ms: number) => `${(ms / Math.max(1, (heardTo ?? 0) - (heardFrom ?? 0))) * 100}%`;

  return (
    <section className={css.axis} aria-label={t('axis.label')}>
      <div className={css.names} aria-hidden="true">
        <span className={css.corner} />
        {story.lanes.map((lane) => (
          <span key={lane.party} className={css.party}>
            {lane.party === 'customer' ? t('role.leg.customer') : nameOf(lane.party)}
          </span>
        ))}
        <span className={css.soundName}>{t('axis.sound')}</span>
      </div>
      <div ref={track} className={css.track} onPointerDown={seek} onPointerMove={seek}>
        <div className={css.ticks}>
          {marks.map((mark) => (
            <span key={mark} style={{ left: part(start + mark) }} data-last={mark / length > 0.96}>
              {duration(mark)}
            </span>
          ))}
        </div>
        {story.lanes.map((lane) => (
          <ul key={lane.party} className={css.lane} aria-label={lane.party === 'customer' ? t('role.leg.customer') : nameOf(lane.party)}>
            {lane.segments.map((segment) => {
              const to = segment.to ?? end;
              const text = t(`phase.${segment.phase}`);
              return (
                <li
                  key={`${segment.phase}${segment.from}`}
                  className={cx(css.segment, css[segment.phase])}
                  style={{ left: part(segment.from), width: wide(segment.from, to) }}
                  title={`${text} ${duration(to - segment.from)}`}
                >
                  <span>
                    {text} <i>{duration(to - segment.from)}</i>
                  </span>
                </li>
              );
            })}
          </ul>
        ))}
        <div className={css.sound}>
          {heardFrom !== undefined && heardTo !== undefined && (
            <div className={cx(css.heard, outline === 'plain' && css.plain)} style={{ left: part(heardFrom), width: wide(heardFrom, heardTo) }}>
              {typeof outline === 'object' && <Wave outline={outline} />}
              {recording &&
                keptOut(story.entries, recording.id, heardTo).map((span) => (
                  <span
                    key={span.from}
                    role="img"
                    className={cx(css.keptOut, css[span.state])}
                    style={{ left: share(span.from - heardFrom), width: share(span.to - span.from) }}
                    title={`${t(`event.recording_changed.${span.state}`)} ${duration(span.to - span.from)}`}
                    aria-label={`${t(`event.recording_changed.${span.state}`)} ${duration(span.to - span.from)}`}
                  />
                ))}
            </div>
          )}
          {heardFrom === undefined && <span className={css.none}>{t(failed ? 'axis.failed' : 'axis.no_sound')}</span>}
        </div>
        <div ref={head} className={css.head} />
      </div>
    </section>
  );
}
