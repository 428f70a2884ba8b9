import { Link } from '@tanstack/react-router';
import { Tooltip, TooltipTrigger, Focusable } from 'react-aria-components';
import type { ReactElement } from 'react';
import type { Me } from '../api/types';
import { useSum } from '../live/hooks';
import { trunks } from '../live/live';
import { count } from '../text/format';
import { useT } from '../text/i18n';
import { Icon } from '../ui/Icon';
import { homeOf, may } from './access';
import { Mark } from './Mark';
import css from './Rail.module.css';
import { useShell } from './frame';
import { isLost, troubleOf } from './trunks';

function Hint({ text, keys, children }: { text: string; keys?: string; children: ReactElement<{ className?: string }, string> }) {
  return (
    <TooltipTrigger delay={400} closeDelay={0}>
      <Focusable>{children}</Focusable>
      <Tooltip placement="right" offset={6} className={css.hint ?? ''}>
        {text} {keys && <kbd>{keys}</kbd>}
      </Tooltip>
    </TooltipTrigger>
  );
}

/** The trunks, and how many of them are lost just now. */
function TrunksPlace() {
  const t = useT();
  const lost = useSum([trunks], () => [...trunks.rows.values()].filter((trunk) => isLost(troubleOf(trunk))).length);
  const name = lost > 0 ? t('rail.trunks_lost', { n: lost }) : t('trunks.title');
  return (
    <Hint text={name} keys="G T">
      <Link to="/trunks" className={css.place} aria-label={name}>
        <Icon name="trunk" size={18} />
        {lost > 0 && (
          <span className={css.lost} aria-hidden="true">
            {count(lost)}
          </span>
        )}
      </Link>
    </Hint>
  );
}

/** The places this person may open. */
export function Rail({ me }: { me: Me }) {
  const t = useT();
  const { openKeys } = useShell();
  return (
    <nav className={css.rail} aria-label={t('rail.label')}>
      <Link to={homeOf(me)} className={css.mark} aria-label={t('rail.home', { center: me.center.name })}>
        <Mark size={24} />
      </Link>
      {may(me, 'board') && (
        <Hint text={t('board.title')} keys="G B">
          <Link to="/board" className={css.place} aria-label={t('board.title')}>
            <Icon name="board" size={18} />
          </Link>
        </Hint>
      )}
      {may(me, 'interactions') && (
        <Hint text={t('list.title')} keys="G S">
          <Link to="/interactions" className={css.place} aria-label={t('list.title')}>
            <Icon name="list" size={18} />
          </Link>
        </Hint>
      )}
      {may(me, 'conferences') && (
        <Hint text={t('conference.title')} keys="G C">
          <Link to="/conferences" className={css.place} aria-label={t('conference.title')}>
            <Icon name="conference" size={18} />
          </Link>
        </Hint>
      )}
      {may(me, 'trunks') && <TrunksPlace />}
      <span className={css.space} />
      <Hint text={t('keys.keys')} keys="?">
        <button type="button" className={css.place} aria-label={t('keys.keys')} onClick={openKeys}>
          <Icon name="keyboard" size={18} />
        </button>
      </Hint>
    </nav>
  );
}
