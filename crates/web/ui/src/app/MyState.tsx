import { Button as AriaButton, Header, MenuSection, MenuTrigger, Separator } from 'react-aria-components';
import { useState } from 'react';
import type { AgentView } from '../api/types';
import { headed } from '../text/format';
import { notReadyReason } from '../text/sentences';
import { useT } from '../text/i18n';
import { Clock } from '../ui/Clock';
import { Menu, MenuItem, Popover } from '../ui/controls';
import { cx } from '../ui/cx';
import { Icon } from '../ui/Icon';
import { AgentIcon, agentTone, agentWord, toneClass } from '../ui/State';
import { useKeys } from './keys';
import css from './MyState.module.css';
import { REASONS, useMyState, type Wish } from './wish';


/** The agent's own state: a shape, a word, a clock; behind it the states to change to. */
export function MyState({ agent }: { agent: AgentView }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  const change = useMyState();
  useKeys([{ keys: 'Alt R', match: 'Alt+KeyR', layer: 1, label: 'keys.state', run: () => setOpen((was) => !was) }]);

  const reason = agent.state === 'not_ready' ? notReadyReason(agent.reason) : '';
  const tone = agentTone(agent.state);
  const pick = (wish: Wish) => change.mutate(wish);
  return (
    <div className={css.mine}>
      <MenuTrigger isOpen={open} onOpenChange={setOpen}>
        <AriaButton className={cx(css.state, css[tone], toneClass(tone))} aria-keyshortcuts="Alt+R">
          <AgentIcon state={agent.state} size={16} />
          <span className={css.word}>{agentWord(t, agent.state)}</span>
          <Clock since={agent.state === 'logged_out' ? null : agent.since} until={agent.until} className={css.clock} />
          <Icon name="down" size={12} />
        </AriaButton>
        <Popover placement="bottom start">
          <Menu aria-label={t('mine.menu')}>
            <MenuItem id="ready" textValue={agentWord(t, 'ready')} onAction={() => pick({ state: 'ready' })} isDisabled={agent.state === 'ready'}>
              <span className={css.choice}>
                <AgentIcon state="ready" /> {agentWord(t, 'ready')}
              </span>
            </MenuItem>
            <MenuSection>
              <Header>{agentWord(t, 'not_ready')}</Header>
              {REASONS.map((one) => (
                <MenuItem key={one} id={one} textValue={headed(t(`reason.${one}`))} onAction={() => pick({ state: 'not_ready', reason: one })}>
                  <span className={css.choice}>
                    <AgentIcon state="not_ready" /> {headed(t(`reason.${one}`))}
                  </span>
                </MenuItem>
              ))}
              <MenuItem id="plain" textValue={t('mine.no_reason')} onAction={() => pick({ state: 'not_ready' })}>
                <span className={css.choice}>
                  <AgentIcon state="not_ready" /> {t('mine.no_reason')}
                </span>
              </MenuItem>
            </MenuSection>
            <Separator />
            <MenuItem id="logged_out" textValue={t('mine.log_out')} onAction={() => pick({ state: 'logged_out' })}>
              <span className={css.choice}>
                <AgentIcon state="logged_out" /> {t('mine.log_out')}
              </span>
            </MenuItem>
          </Menu>
        </Popover>
      </MenuTrigger>
      {change.isError ? (
        <span role="alert" className={css.wrong}>
          {t('mine.failed')}
        </span>
      ) : agent.next ? (
        <span className={css.then}>
          {t('mine.then')} <b>{agentWord(t, agent.next)}</b>
        </span>
      ) : (
        reason && <span className={css.then}>{reason}</span>
      )}
      <kbd className={css.key}>Alt R</kbd>
    </div>
  );
}
