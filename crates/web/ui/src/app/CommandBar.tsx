import { useNavigate } from '@tanstack/react-router';
import { useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { Dialog, Modal, ModalOverlay } from 'react-aria-components';
import { agents, interactions, queues } from '../live/live';
import { headed } from '../text/format';
import { partyName } from '../text/party';
import { switchLanguage, useT } from '../text/i18n';
import { cx } from '../ui/cx';
import { agentWord, interactionWord } from '../ui/State';
import { may } from './access';
import css from './CommandBar.module.css';
import { search, type Command } from './commands';
import { leave } from './session';
import { chooseTheme } from './settings';
import { useShell } from './frame';
import { REASONS, useMyState } from './wish';

/** Everything by name: pages, queues, agents, calls, settings. */
export default function CommandBar({ close }: { close: () => void }) {
  const t = useT();
  const { me, openKeys } = useShell();
  const navigate = useNavigate();
  const { mutate: wish } = useMyState();
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const id = useId();

  const commands = useMemo<Command[]>(() => {
    const page = t('command.kind.page');
    const all: Command[] = [];
    if (may(me, 'board')) {
      all.push({ id: 'board', kind: page, title: t('board.title'), words: t('command.board.words'), keys: 'G B', run: () => void navigate({ to: '/board' }) });
    }
    if (may(me, 'interactions')) {
      all.push(
        { id: 'list', kind: page, title: t('list.title'), words: t('command.list.words'), keys: 'G S', run: () => void navigate({ to: '/interactions' }) },
        {
          id: 'abandoned',
          kind: page,
          title: t('command.abandoned'),
          words: t('command.abandoned.words'),
          run: () => void navigate({ to: '/interactions', search: { outcome: 'abandoned', when: 'today' } }),
        },
      );
    }
    if (may(me, 'conferences')) {
      all.push({ id: 'conferences', kind: page, title: t('conference.title'), words: t('command.conferences.words'), keys: 'G C', run: () => void navigate({ to: '/conferences' }) });
    }
    if (may(me, 'trunks')) {
      all.push({ id: 'trunks', kind: page, title: t('trunks.title'), words: t('command.trunks.words'), keys: 'G T', run: () => void navigate({ to: '/trunks' }) });
    }
    if (may(me, 'board')) {
      for (const queue of queues.rows.values()) {
        all.push({ id: `q-${queue.id}`, kind: t('command.kind.queue'), title: queue.id, run: () => void navigate({ to: '/board', search: { queue: queue.id } }) });
      }
      for (const agent of agents.rows.values()) {
        all.push({
          id: `a-${agent.id}`,
          kind: t('command.kind.agent'),
          title: agent.name,
          hint: agentWord(t, agent.state),
          words: agent.id,
          run: () => void navigate({ to: '/board', search: { agent: agent.id } }),
        });
      }
      for (const call of interactions.rows.values()) {
        all.push({
          id: call.id,
          kind: t('command.kind.call'),
          title: partyName(call.from),
          hint: interactionWord(t, call.state),
          words: `${call.from.number} ${call.id} ${call.queue ?? ''}`,
          run: () => void navigate({ to: '/interactions/$id', params: { id: call.id } }),
        });
      }
    }
    if (me.agent) {
      const kind = t('command.kind.state');
      all.push({ id: 'ready', kind, title: agentWord(t, 'ready'), words: t('command.ready.words'), run: () => wish({ state: 'ready' }) });
      for (const reason of REASONS) {
        all.push({
          id: `away-${reason}`,
          kind,
          title: `${agentWord(t, 'not_ready')} · ${headed(t(`reason.${reason}`))}`,
          words: t('command.away.words'),
          run: () => wish({ state: 'not_ready', reason }),
        });
      }
      all.push({ id: 'home', kind, title: t('mine.log_out'), words: t('command.home.words'), run: () => wish({ state: 'logged_out' }) });
    }
    const setting = t('command.kind.setting');
    all.push(
      { id: 'light', kind: setting, title: t('command.theme.light'), words: t('command.theme.words'), run: () => chooseTheme('light') },
      { id: 'dark', kind: setting, title: t('command.theme.dark'), words: t('command.theme.words'), run: () => chooseTheme('dark') },
      { id: 'system', kind: setting, title: t('command.theme.system'), words: t('command.theme.words'), run: () => chooseTheme('system') },
      { id: 'en', kind: setting, title: 'English', words: t('command.language.words'), run: () => void switchLanguage('en', true) },
      { id: 'zh', kind: setting, title: '中文', words: t('command.language.words'), run: () => void switchLanguage('zh', true) },
      { id: 'keys', kind: setting, title: t('keys.keys'), words: t('command.keys.words'), keys: '?', run: openKeys },
      { id: 'leave', kind: setting, title: t('me.leave'), words: t('command.leave.words'), run: () => void leave() },
    );
    return all;
  }, [t, me, navigate, openKeys, wish]);

  const found = useMemo(() => {
    const results = search(commands, query);
    const typed = /^\s*(IX-[A-Za-z0-9]+)\s*$/i.exec(query)?.[1];
    if (typed && may(me, 'interactions') && !results.some((one) => one.id.toLowerCase() === typed.toLowerCase())) {
      results.unshift({
        id: typed,
        kind: t('command.kind.call'),
        title: t('command.open', { id: typed }),
        run: () => void navigate({ to: '/interactions/$id', params: { id: typed } }),
      });
    }
    return results;
  }, [commands, query, me, navigate, t]);

  const at = Math.min(chosen, Math.max(0, found.length - 1));
  const run = (command: Command | undefined) => {
    if (!command) return;
    close();
    command.run();
  };
  const move = (to: number) => {
    setChosen(to);
    list.current?.children[to]?.scrollIntoView({ block: 'nearest' });
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    // Enter that picks a candidate of an input method is not ours.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    const last = found.length - 1;
    if (event.key === 'ArrowDown') move(at >= last ? 0 : at + 1);
    else if (event.key === 'ArrowUp') move(at <= 0 ? last : at - 1);
    else if (event.key === 'Home' && event.ctrlKey) move(0);
    else if (event.key === 'End' && event.ctrlKey) move(last);
    else if (event.key === 'Enter') run(found[at]);
    else return;
    event.preventDefault();
  };

  return (
    <ModalOverlay
      isOpen
      isDismissable
      onOpenChange={(open) => {
        if (!open) close();
      }}
      className={cx(css.veil)}
    >
      <Modal className={cx(css.modal)}>
        <Dialog aria-label={t('command.title')} className={cx(css.dialog)}>
          <input
            // The bar is opened to type into it; a dialog that takes the focus elsewhere would be in the way.
            // oxlint-disable-next-line jsx-a11y/no-autofocus
            autoFocus
            className={css.input}
            type="text"
            role="combobox"
            aria-expanded="true"
            aria-autocomplete="list"
            aria-controls={`${id}-list`}
            aria-activedescendant={found[at] ? `${id}-${at}` : undefined}
            aria-label={t('command.title')}
            placeholder={t('command.placeholder')}
            autoComplete="off"
            spellCheck={false}
            maxLength={120}
            value={query}
            onChange={(event) => {
              setQuery(event.target.value);
              setChosen(0);
            }}
            onKeyDown={onKeyDown}
          />
          {found.length === 0 ? (
            <p className={css.none}>{t('command.none', { query })}</p>
          ) : (
            <ul ref={list} id={`${id}-list`} role="listbox" aria-label={t('command.results')} className={css.list}>
              {found.map((command, index) => (
                // The keyboard works through the field, which names the active option.
                // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
                <li
                  key={command.id}
                  id={`${id}-${index}`}
                  role="option"
                  aria-selected={index === at}
                  className={css.option}
                  onPointerMove={() => setChosen(index)}
                  onClick={() => run(command)}
                >
                  <span className={css.kind}>{command.kind}</span>
                  <span className={css.name}>{command.title}</span>
                  {command.hint && <span className={css.hint}>{command.hint}</span>}
                  {command.keys && <kbd>{command.keys}</kbd>}
                </li>
              ))}
            </ul>
          )}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
