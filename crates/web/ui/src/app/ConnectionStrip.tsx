import { useEffect, useState } from 'react';
import { useLive } from '../live/live';
import { again } from '../live/socket';
import { useT } from '../text/i18n';
import { Button } from '../ui/controls';
import { Icon } from '../ui/Icon';
import css from './ConnectionStrip.module.css';

/** A short break heals by itself and is not worth a strip. */
const PATIENCE_MS = 2_000;

/** Says that what is shown is old, what still works, and what happens next. */
export function ConnectionStrip() {
  const t = useT();
  const connection = useLive((state) => state.connection);
  const known = useLive((state) => state.known);
  const broken = connection === 'stale' || (connection === 'connecting' && !known);
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (!broken) {
      setShown(false);
      return undefined;
    }
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [broken]);
  if (!shown) return null;
  return (
    <div role="status" className={css.strip}>
      <Icon name="warning" />
      <span className={css.text}>
        {known ? t('live.lost') : t('live.never')}
      </span>
      <Button kind="quiet" className={css.again} onPress={again}>
        {t('live.again')}
      </Button>
    </div>
  );
}
