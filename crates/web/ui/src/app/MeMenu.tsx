import { Button as AriaButton, Header, MenuSection, MenuTrigger, Separator } from 'react-aria-components';
import { switchLanguage, useLanguageStore, useT } from '../text/i18n';
import { Menu, MenuItem, Popover } from '../ui/controls';
import { langOf } from '../text/party';
import { leave } from './session';
import { may } from './access';
import { chooseSingleKeys, chooseSounds, chooseTheme, useSettings, type Theme } from './settings';
import { useShell } from './frame';
import { play } from './sound';
import css from './MeMenu.module.css';

/** One or two letters for a person: the first of the first and the last name, or the last two of a Chinese name. */
export function initials(name: string): string {
  const trimmed = name.trim();
  if (/^\p{Script=Han}+$/u.test(trimmed)) return [...trimmed].slice(-2).join('');
  const words = trimmed.split(/[\s._-]+/).filter(Boolean);
  const first = [...(words[0] ?? '?')][0] ?? '?';
  const last = words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : '';
  return (first + last).toUpperCase();
}

/** Who is logged in, language, theme, keys, and the way out. */
export function MeMenu() {
  const t = useT();
  const { me, openKeys } = useShell();
  const { theme, singleKeys, sounds } = useSettings();
  const language = useLanguageStore((state) => state.language);
  return (
    <MenuTrigger>
      <AriaButton className={css.me ?? ''} aria-label={t('me.menu', { name: `${initials(me.name)} ${me.name}` })}>
        <span lang={langOf(me.name)}>{initials(me.name)}</span>
      </AriaButton>
      <Popover placement="bottom end" className={css.popover ?? ''}>
        <div className={css.who}>
          <b>{me.name}</b>
          <span>
            {me.login} · {t(`role.${me.role}`)} · {me.center.name}
          </span>
        </div>
        <Menu aria-label={t('me.menu', { name: me.name })}>
          <MenuSection
            selectionMode="single"
            disallowEmptySelection
            selectedKeys={[language]}
            onSelectionChange={(keys) => {
              const [key] = keys === 'all' ? [] : [...keys];
              if (key === 'en' || key === 'zh') void switchLanguage(key, true);
            }}
          >
            <Header>{t('me.language')}</Header>
            <MenuItem id="en" textValue="English">
              <span lang="en">English</span>
            </MenuItem>
            <MenuItem id="zh" textValue="中文">
              <span lang="zh-CN">中文</span>
            </MenuItem>
          </MenuSection>
          <MenuSection
            selectionMode="single"
            disallowEmptySelection
            selectedKeys={[theme]}
            onSelectionChange={(keys) => {
              const [key] = keys === 'all' ? [] : [...keys];
              if (key) chooseTheme(key as Theme);
            }}
          >
            <Header>{t('me.theme')}</Header>
            <MenuItem id="system">{t('me.theme.system')}</MenuItem>
            <MenuItem id="light">{t('me.theme.light')}</MenuItem>
            <MenuItem id="dark">{t('me.theme.dark')}</MenuItem>
          </MenuSection>
          <MenuSection
            selectionMode="multiple"
            selectedKeys={singleKeys ? ['single'] : []}
            onSelectionChange={(keys) => chooseSingleKeys(keys === 'all' || keys.has('single'))}
          >
            <Header>{t('me.keys')}</Header>
            <MenuItem id="single">{t('me.single_keys')}</MenuItem>
          </MenuSection>
          {may(me, 'alerts') && (
            <MenuSection
              selectionMode="multiple"
              selectedKeys={sounds ? ['sounds'] : []}
              onSelectionChange={(keys) => {
                const on = keys === 'all' || keys.has('sounds');
                chooseSounds(on);
                // Who switches it on hears what will be heard.
                if (on) void play();
              }}
            >
              <Header>{t('alerts.title')}</Header>
              <MenuItem id="sounds">{t('me.sounds')}</MenuItem>
            </MenuSection>
          )}
          <Separator />
          <MenuItem id="keys" keys="?" onAction={openKeys}>
            {t('keys.keys')}
          </MenuItem>
          <MenuItem id="leave" onAction={() => void leave()}>
            {t('me.leave')}
          </MenuItem>
        </Menu>
        <p className={css.version}>Hotline {me.center.version}</p>
      </Popover>
    </MenuTrigger>
  );
}
