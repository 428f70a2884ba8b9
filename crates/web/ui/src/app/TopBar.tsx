import type { AgentView } from '../api/types';
import { useT } from '../text/i18n';
import { Icon } from '../ui/Icon';
import { may, watches } from './access';
import { AlertBadge } from './AlertBadge';
import { LivePill } from './LivePill';
import { MeMenu } from './MeMenu';
import { MyState } from './MyState';
import { useShell } from './frame';
import css from './TopBar.module.css';

const MAC = typeof navigator !== 'undefined' && /mac/i.test(navigator.platform);

/** `Ctrl K`, or `⌘K` where that is the habit. */
export const commandKeys = MAC ? '⌘K' : 'Ctrl K';

export function TopBar({ slot, agent }: { slot: (element: HTMLElement | null) => void; agent: AgentView | null }) {
  const t = useT();
  const { me, openCommands } = useShell();
  return (
    <header className={css.top}>
      <div className={css.left}>
        {agent && <MyState agent={agent} />}
        <div ref={slot} className={css.slot} />
      </div>
      <button type="button" className={css.find} onClick={openCommands} aria-keyshortcuts="Control+K Meta+K">
        <Icon name="find" />
        <span>{t(may(me, 'board') ? 'top.find' : 'top.find_agent')}</span>
        <kbd>{commandKeys}</kbd>
      </button>
      <div className={css.right}>
        {may(me, 'alerts') && <AlertBadge />}
        {watches(me) && <LivePill />}
        <MeMenu />
      </div>
    </header>
  );
}
