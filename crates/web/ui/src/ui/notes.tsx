/** Empty, loading and failed: designed once, used everywhere. */
import { useEffect, useState, type ReactNode } from 'react';
import { Fault } from '../api/client';
import { useT } from '../text/i18n';
import { Button } from './controls';
import { Icon, type IconName } from './Icon';
import css from './notes.module.css';

/** One sentence, and the one button that helps. */
export function Empty({ icon, children, action }: { icon?: IconName; children: ReactNode; action?: ReactNode }) {
  return (
    <div className={css.empty}>
      {icon && <Icon name={icon} size={20} />}
      <p>{children}</p>
      {action}
    </div>
  );
}

/** How long nothing is shown, so that a quick answer does not flicker. */
const PATIENCE_MS = 150;

/** True once something has taken longer than a moment. */
export function useLate(waiting: boolean): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!waiting) {
      setLate(false);
      return undefined;
    }
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [waiting]);
  return late;
}

const WIDTHS = [72, 54, 63, 48, 68, 58, 75, 51] as const;

/** Grey lines in the place and height of what will come. */
export function Lines({ rows, height = 32 }: { rows: number; height?: number }) {
  const t = useT();
  const late = useLate(true);
  return (
    <div role="status" aria-label={t('note.loading')} className={css.lines}>
      {late &&
        Array.from({ length: rows }, (_, index) => (
          <div key={index} style={{ height }}>
            <i style={{ width: `${WIDTHS[index % WIDTHS.length]}%` }} />
          </div>
        ))}
    </div>
  );
}

/** What failed, what still works, what to do, and a code to copy. */
export function Failed({ what, error, again }: { what: string; error: unknown; again?: () => void }) {
  const t = useT();
  const code = error instanceof Fault ? `${error.code}${error.status ? `-${error.status}` : ''}` : 'unknown';
  const why = error instanceof Fault && error.code !== 'network' ? error.message : t('note.failed.network');
  return (
    <div role="alert" className={css.failed}>
      <Icon name="warning" size={20} />
      <h2>{what}</h2>
      <p>{why}</p>
      <div className={css.row}>
        {again && (
          <Button kind="main" onPress={again}>
            {t('note.again')}
          </Button>
        )}
        <code>{code}</code>
      </div>
    </div>
  );
}
