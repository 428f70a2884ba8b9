import { useEffect, useRef } from 'react';
import { heard, useLive } from '../live/live';
import { age } from '../text/format';
import { useT } from '../text/i18n';
import { Icon } from '../ui/Icon';
import { cx } from '../ui/cx';
import css from './LivePill.module.css';

const EVERY_MS = 500;

/** How old the newest news is: `Live · 0.3 s ago`. */
export function LivePill() {
  const t = useT();
  const connection = useLive((state) => state.connection);
  const known = useLive((state) => state.known);
  const text = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const write = () => {
      if (text.current && heard() > 0) text.current.textContent = t('live.ago', { age: age(Date.now() - heard()) });
    };
    write();
    const timer = setInterval(write, EVERY_MS);
    return () => clearInterval(timer);
  }, [t, known]);
  if (connection === 'off') return null;
  const stale = connection !== 'live';
  return (
    <span className={cx(css.pill, stale && css.stale)}>
      <Icon name={stale ? (known ? 'warning' : 'out') : 'ready'} className={stale ? css.staleIcon : css.live} />
      <span>{stale ? (known ? t('live.stale') : t('live.connecting')) : t('live.live')}</span>
      {known && <span ref={text} className={css.age} />}
    </span>
  );
}
