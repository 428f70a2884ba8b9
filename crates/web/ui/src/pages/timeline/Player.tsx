import { useCallback, useEffect, useRef, useState } from 'react';
import { Radio, RadioGroup } from 'react-aria-components';
import { progressOf } from '../../api/measures';
import type { Recording } from '../../api/types';
import { useKeys } from '../../app/keys';
import { bytes, duration } from '../../text/format';
import { useT } from '../../text/i18n';
import { Button, Choose } from '../../ui/controls';
import { cx } from '../../ui/cx';
import { Icon } from '../../ui/Icon';
import { Sound, type Side } from './audio';
import { useCursor } from './cursor';
import css from './Player.module.css';
import { wavBytes } from './story';

const STEP_MS = 5_000;
const SPEEDS = ['0.75', '1', '1.25', '1.5', '2'] as const;

interface Props {
  recording: Recording | undefined;
  open: boolean;
  end: number;
}

/** The sound of the call, on the same cursor as everything else. */
export function Player({ recording, open, end }: Props) {
  const t = useT();
  const cursor = useCursor();
  const sound = useRef<Sound | undefined>(undefined);
  const [playing, setPlaying] = useState(false);
  const [failed, setFailed] = useState(false);
  const [side, setSide] = useState<Side>('both');
  const [speed, setSpeed] = useState<(typeof SPEEDS)[number]>('1');
  const clock = useRef<HTMLSpanElement>(null);
  const range = useRef<HTMLInputElement>(null);
  const url = recording?.url;
  const startedAt = recording?.started_at ?? 0;
  const length = recording?.length_ms ?? null;
  const progress = recording && progressOf(recording);
  const ready = url !== undefined && length !== null && progress === 'done';

  useEffect(() => {
    if (!ready) return undefined;
    const made = new Sound(url);
    sound.current = made;
    setFailed(false);
    const onState = () => setPlaying(made.playing);
    const onError = () => setFailed(true);
    for (const name of ['play', 'pause', 'ended'] as const) made.element.addEventListener(name, onState);
    made.element.addEventListener('error', onError);
    cursor.onMoved = (at) => made.seek(Math.min(Math.max(0, at - startedAt), Math.max(0, length - 50)));
    return () => {
      for (const name of ['play', 'pause', 'ended'] as const) made.element.removeEventListener(name, onState);
      made.element.removeEventListener('error', onError);
      cursor.onMoved = undefined;
      made.close();
      sound.current = undefined;
      setPlaying(false);
    };
  }, [ready, url, startedAt, length, cursor]);

  useEffect(() => {
    if (!playing) return undefined;
    let frame = 0;
    const run = () => {
      if (sound.current) cursor.play(startedAt + sound.current.at);
      frame = requestAnimationFrame(run);
    };
    frame = requestAnimationFrame(run);
    return () => cancelAnimationFrame(frame);
  }, [playing, cursor, startedAt]);

  useEffect(() => {
    if (sound.current) sound.current.element.playbackRate = Number(speed);
  }, [speed, playing]);
  // A message has one side only, which is to be heard in both ears.
  const heard = recording?.kind === 'message' ? 'caller' : side;
  useEffect(() => sound.current?.hear(heard), [heard, playing]);

  useEffect(
    () =>
      cursor.follow((at) => {
        const heard = Math.min(Math.max(0, at - startedAt), length ?? 0);
        if (clock.current) clock.current.textContent = duration(heard);
        if (range.current) {
          range.current.value = String(heard);
          range.current.setAttribute('aria-valuetext', duration(heard));
        }
      }),
    [cursor, startedAt, length],
  );

  const toggle = useCallback(() => {
    const now = sound.current;
    if (!now) return;
    if (now.playing) {
      now.pause();
      return;
    }
    // From the cursor, unless it stands where there is no sound.
    const at = cursor.at - startedAt;
    now.seek(at >= 0 && at < (length ?? 0) - 100 ? at : 0);
    now.play().catch(() => setFailed(true));
  }, [cursor, startedAt, length]);
  const skip = useCallback(
    (by: number) => cursor.seek(Math.min(Math.max(startedAt, cursor.at + by), startedAt + (length ?? end - startedAt))),
    [cursor, startedAt, length, end],
  );
  useKeys([
    { keys: 'Space', match: 'Space', layer: 2, label: 'keys.play', run: toggle },
    { keys: '[', match: 'BracketLeft', layer: 2, label: 'keys.back5', run: () => skip(-STEP_MS) },
    { keys: ']', match: 'BracketRight', layer: 2, label: 'keys.forward5', run: () => skip(STEP_MS) },
    { keys: '←', match: 'ArrowLeft', layer: 2, label: 'keys.back5', run: () => skip(-STEP_MS) },
    { keys: '→', match: 'ArrowRight', layer: 2, label: 'keys.forward5', run: () => skip(STEP_MS) },
  ]);

  if (!ready) {
    return (
      <section className={css.player} aria-label={t('player.label')}>
        <Icon name={progress === 'failed' ? 'warning' : progress && open ? 'record' : 'talking'} className={progress === 'failed' || (progress && open) ? css.red : css.off} />
        <p className={css.none}>{t(progress === 'failed' ? 'player.broken' : progress ? 'player.still' : open ? 'player.not_yet' : 'player.none')}</p>
      </section>
    );
  }
  return (
    <section className={css.player} aria-label={t('player.label')}>
      <Button kind="main" className={css.play} onPress={toggle} aria-label={t(playing ? 'player.pause' : 'player.play')}>
        <Icon name={playing ? 'pause' : 'play'} size={16} />
      </Button>
      <Button kind="quiet" className={css.skip} onPress={() => skip(-STEP_MS)} aria-label={t('keys.back5')}>
        −5 <kbd>[</kbd>
      </Button>
      <Button kind="quiet" className={css.skip} onPress={() => skip(STEP_MS)} aria-label={t('keys.forward5')}>
        +5 <kbd>]</kbd>
      </Button>
      <span className={css.clock}>
        <span ref={clock}>0:00</span> / {duration(length)}
      </span>
      <input
        ref={range}
        className={css.range}
        type="range"
        min={0}
        max={length}
        step={100}
        defaultValue={0}
        aria-label={t('player.position')}
        onInput={(event) => cursor.seek(startedAt + Number(event.currentTarget.value))}
      />
      {recording?.kind === 'call' && (
        <RadioGroup aria-label={t('player.side')} orientation="horizontal" value={side} onChange={(next) => setSide(next as Side)} className={cx(css.sides)}>
          {(['both', 'caller', 'agent'] as const).map((one) => (
            <Radio key={one} value={one} className={cx(css.side)}>
              {t(`player.side.${one}`)}
            </Radio>
          ))}
        </RadioGroup>
      )}
      <Choose
        label={t('player.speed')}
        look="quiet"
        className={css.speed}
        value={speed}
        choices={SPEEDS.map((one) => ({ id: one, text: `${one}×` }))}
        onChange={setSpeed}
      />
      <a className={css.save} href={url} download={`${recording?.id}.wav`}>
        WAV <span>{bytes(wavBytes(recording))}</span>
      </a>
      {failed && (
        <span role="alert" className={css.failed}>
          {t('player.failed')}
        </span>
      )}
    </section>
  );
}
