/** What waits for a supervisor, in the top bar of every page: the first alert by name, behind it all of them. */
import { useEffect, useState } from 'react';
import { Button as AriaButton, DialogTrigger } from 'react-aria-components';
import { alertWord } from '../text/alerts';
import { count } from '../text/format';
import { langOf } from '../text/party';
import { useT } from '../text/i18n';
import { Clock } from '../ui/Clock';
import { Popover } from '../ui/controls';
import { Icon } from '../ui/Icon';
import { AlertRows, useWho } from './AlertRows';
import { firstOpen, isOver, noticeFirst, useAlerts, type Entry } from './alerts';
import css from './AlertBadge.module.css';
import { useKeys } from './keys';

function Face({ entry, more }: { entry: Entry; more: number }) {
  useT();
  const { name } = useWho(entry.alert);
  return (
    <>
      <Icon name="warning" size={16} />
      <b className={css.word}>{alertWord(entry.alert)}</b>
      {entry.alert.number && <b>{entry.alert.number}</b>}
      <span className={css.who} lang={langOf(name)}>
        {name}
      </span>
      <Clock since={entry.alert.at} className={css.clock} />
      {more > 0 && <span className={css.more}>+{count(more)}</span>}
    </>
  );
}

export function AlertBadge() {
  const t = useT();
  const entries = useAlerts((state) => state.entries);
  useKeys([{ keys: 'A A', match: 'KeyA KeyA', layer: 2, label: 'keys.notice', run: () => noticeFirst() }]);
  const [shows, show] = useState(false);
  const none = entries.length === 0;
  useEffect(() => {
    // The next alert must not open the list by itself, under somebody who types.
    if (none) show(false);
  }, [none]);
  const open = entries.filter((entry) => !isOver(entry));
  const shown = firstOpen(entries);
  return (
    <div className={css.place}>
      {!none && (
        <DialogTrigger isOpen={shows} onOpenChange={show}>
          <AriaButton className={css.badge ?? ''} data-calm={shown === undefined}>
            {shown ? (
              <Face entry={shown} more={open.length - 1} />
            ) : (
              <>
                <Icon name="check" size={16} /> <span className={css.who}>{t('alerts.none_open')}</span>
              </>
            )}
          </AriaButton>
          <Popover placement="bottom end" className={css.popover ?? ''}>
            <AlertRows leave={() => show(false)} />
          </Popover>
        </DialogTrigger>
      )}
    </div>
  );
}
