/** How an interaction ended: a shape, a word, a color. */
import type { Outcome as Word } from '../api/types';
import { UNKNOWN } from '../text/format';
import { useT } from '../text/i18n';
import { Icon, type IconName } from './Icon';
import { toneClass, type Tone } from './State';
import { cx } from './cx';
import css from './Outcome.module.css';

const LOOKS: Record<Word, { icon: IconName; tone: Tone }> = {
  handled: { icon: 'ready', tone: 'ready' },
  abandoned: { icon: 'end', tone: 'alarm' },
  self_served: { icon: 'flow', tone: 'plain' },
  closed_hours: { icon: 'clock', tone: 'plain' },
  voicemail: { icon: 'record', tone: 'plain' },
  transferred: { icon: 'transfer', tone: 'plain' },
  direct: { icon: 'phone', tone: 'plain' },
  unanswered: { icon: 'end', tone: 'plain' },
  refused: { icon: 'x', tone: 'alarm' },
  interrupted: { icon: 'warning', tone: 'reserved' },
};

export function Outcome({ outcome }: { outcome: Word | null }) {
  const t = useT();
  if (!outcome) return <span>{UNKNOWN}</span>;
  const look = LOOKS[outcome] ?? { icon: 'check' as const, tone: 'plain' as const };
  return (
    <span className={css.outcome}>
      <Icon name={look.icon} className={cx(toneClass(look.tone))} />
      {t(`outcome.${outcome}`)}
    </span>
  );
}
