/** The open alerts, one under the other: who calls for help, since when, the story, and the button to take notice. */
import { Link } from '@tanstack/react-router';
import { useLayoutEffect, useRef } from 'react';
import type { AlertView } from '../api/types';
import { useRow } from '../live/hooks';
import { agents, interactions } from '../live/live';
import { alertSentence, alertTitle } from '../text/alerts';
import { phone } from '../text/format';
import { langOf, numberBeside, partyName } from '../text/party';
import { useT } from '../text/i18n';
import { Clock } from '../ui/Clock';
import { cx } from '../ui/cx';
import { Icon } from '../ui/Icon';
import { may } from './access';
import { firstOpen, isOver, takeNotice, useAlerts, type Entry } from './alerts';
import css from './AlertRows.module.css';
import { useShell } from './frame';

/** Whose phone an alert is about: the agent's name where it is an agent's, and the number beside. */
export function useWho(alert: AlertView): { name: string; number: string } {
  const agent = useRow(agents, alert.agent);
  if (!alert.from) return { name: '', number: '' };
  return agent ? { name: agent.name, number: phone(alert.from.number) } : { name: partyName(alert.from), number: numberBeside(alert.from) };
}

function Row({ entry, isFirst, leave }: { entry: Entry; isFirst: boolean; leave?: (() => void) | undefined }) {
  const t = useT();
  const { me } = useShell();
  const { alert, fate } = entry;
  const { name, number } = useWho(alert);
  const call = useRow(interactions, alert.interaction);
  const place = useRef<HTMLLIElement>(null);
  useLayoutEffect(() => {
    const row = place.current;
    return () => {
      // A row that goes with the focus in it hands it to the next, or to the page.
      if (!row?.contains(document.activeElement)) return;
      const next = [...(row.parentElement?.querySelectorAll<HTMLElement>('button:not([aria-disabled=true])') ?? [])].find((one) => !row.contains(one));
      (next ?? document.getElementById('main'))?.focus();
    };
  }, []);
  const over = isOver(entry);
  const idle = over || fate === 'asking';
  return (
    <li ref={place} className={cx(css.row, over && css.over)} data-alert={alert.id} data-fate={fate}>
      <Icon name={over ? 'check' : 'warning'} size={16} className={css.icon} />
      <b className={css.what}>{alertTitle(alert)}</b>
      <span className={css.clock}>
        <Clock since={alert.at} />
      </span>
      <span className={css.who} title={[name, number].filter(Boolean).join(' · ')}>
        <span lang={langOf(name)}>{name}</span>
        {number && ` · ${number}`}
        {call && !over && ` · ${t('alerts.goes_on')}`}
      </span>
      {over ? (
        <span role="status" className={css.note}>
          {t(fate === 'mine' ? 'alerts.mine' : alert.kind === 'emergency' ? 'alerts.theirs' : 'alerts.over')}
        </span>
      ) : fate === 'failed' ? (
        <span role="alert" className={css.note}>
          {t('alerts.failed')}
        </span>
      ) : null}
      <span className={css.actions}>
        {alert.interaction && may(me, 'interactions') && (
          <Link className={css.link} to="/interactions/$id" params={{ id: alert.interaction }} onClick={leave}>
            {t('call.timeline')}
          </Link>
        )}
        {/* It stays when it does nothing any more, because a button that goes or is disabled loses the focus. */}
        <button
          type="button"
          className={css.take}
          aria-disabled={idle}
          onClick={() => {
            if (!idle) void takeNotice(alert.id);
          }}
        >
          <span>
            {t('alerts.take')}
            <span className={css.hidden}>{t('alerts.take_of', { what: alertSentence(alert, name) })}</span>
          </span>
          {isFirst && <kbd>A A</kbd>}
        </button>
      </span>
    </li>
  );
}

/** `leave` is called when a row leads to another page. */
export function AlertRows({ leave }: { leave?: () => void }) {
  const t = useT();
  const entries = useAlerts((state) => state.entries);
  const first = firstOpen(entries)?.alert.id;
  return (
    <ul className={css.rows} aria-label={t('alerts.title')}>
      {entries.map((entry) => (
        <Row key={entry.alert.id} entry={entry} isFirst={entry.alert.id === first} leave={leave} />
      ))}
    </ul>
  );
}
