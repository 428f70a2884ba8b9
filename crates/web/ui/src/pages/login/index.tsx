import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useId, useRef, useState, type FormEvent } from 'react';
import { Fault } from '../../api/client';
import { logIn, meQuery } from '../../api/queries';
import { Mark } from '../../app/Mark';
import { chooseTheme, useSettings } from '../../app/settings';
import { nameWindow } from '../../app/title';
import { duration } from '../../text/format';
import { switchLanguage, useLanguageStore, useT, type Translate } from '../../text/i18n';
import { Icon } from '../../ui/Icon';
import css from './login.module.css';
import { Voice } from './Voice';

/** Only a path of our own is followed after the login, never an address of somebody else. */
export const safeNext = (next: string | undefined): string =>
  next && /^\/(?![/\\])/.test(next) && !next.startsWith('/login') ? next : '/';

function sentence(t: Translate, error: unknown): string {
  if (!(error instanceof Fault)) return t('login.failed');
  if (error.code === 'wrong_login' || error.status === 401) return t('login.wrong');
  if (error.code === 'network') return t('login.unreachable');
  return error.message ? t('login.refused', { why: error.message }) : t('login.failed');
}

/** Counts a lock-out down; null when there is none. */
function useLock(): [number | null, (ms: number) => void] {
  const [until, setUntil] = useState<number | null>(null);
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (until === null) return undefined;
    const timer = setInterval(() => {
      setNow(Date.now());
      if (Date.now() >= until) setUntil(null);
    }, 250);
    return () => clearInterval(timer);
  }, [until]);
  return [
    until === null ? null : Math.max(0, until - now),
    (ms) => {
      setNow(Date.now());
      setUntil(Date.now() + ms);
    },
  ];
}

/** How long the login is closed when the server does not say. */
const LOCK_DEFAULT_MS = 30_000;

export default function Login() {
  const t = useT();
  const id = useId();
  const { next, why } = useSearch({ from: '/login' });
  const navigate = useNavigate();
  const client = useQueryClient();
  const language = useLanguageStore((state) => state.language);
  const { theme } = useSettings();
  const [login, setLogin] = useState('');
  const [password, setPassword] = useState('');
  const [shown, setShown] = useState(false);
  const [locked, lock] = useLock();
  const loginField = useRef<HTMLInputElement>(null);
  const passwordField = useRef<HTMLInputElement>(null);

  useEffect(() => {
    nameWindow(`${t('login.title')} · Hotline`);
  }, [t]);

  const attempt = useMutation({
    mutationFn: (typed: { login: string; password: string }) => logIn(typed.login, typed.password),
    onSuccess: async () => {
      client.clear();
      await client.fetchQuery(meQuery);
      await navigate({ href: safeNext(next), replace: true });
    },
    onError: (error) => {
      if (error instanceof Fault && (error.code === 'locked' || error.status === 429)) lock(error.retryAfterMs ?? LOCK_DEFAULT_MS);
      setPassword('');
      passwordField.current?.focus();
    },
  });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (locked !== null || attempt.isPending) return;
    // What a password manager filled in may not have been told to React yet, so the fields themselves are read.
    const typed = { login: loginField.current?.value.trim() ?? '', password: passwordField.current?.value ?? '' };
    if (typed.login === '') loginField.current?.focus();
    else if (typed.password === '') passwordField.current?.focus();
    else attempt.mutate(typed);
  };

  const isLocked = attempt.error instanceof Fault && (attempt.error.code === 'locked' || attempt.error.status === 429);
  const message =
    locked !== null
      ? t('login.locked', { wait: duration(locked + 999) })
      : attempt.error
        ? isLocked
          ? t('login.unlocked')
          : sentence(t, attempt.error)
        : why === 'ended'
          ? t('login.ended')
          : '';
  const bad = locked !== null || (attempt.error !== null && !isLocked);

  return (
    <div className={css.page}>
      <Voice />
      <header className={css.choices}>
        <button
          type="button"
          lang={language === 'en' ? 'zh-CN' : 'en'}
          onClick={() => void switchLanguage(language === 'en' ? 'zh' : 'en', true)}
        >
          <Icon name="globe" size={16} /> {language === 'en' ? '中文' : 'English'}
        </button>
        <button
          type="button"
          onClick={() => {
            const dark =
              theme === 'system' ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark';
            chooseTheme(dark ? 'light' : 'dark');
          }}
        >
          <Icon name="moon" size={16} /> {t('login.theme')}
        </button>
      </header>
      <main className={css.main}>
        <div className={css.brand}>
          <Mark size={44} />
          <span className={css.name}>Hotline</span>
        </div>
        <form className={css.card} onSubmit={submit} aria-labelledby={`${id}-title`} noValidate>
          <h1 id={`${id}-title`}>{t('login.title')}</h1>
          <label htmlFor={`${id}-login`}>{t('login.login')}</label>
          <input
            ref={loginField}
            id={`${id}-login`}
            className={css.field}
            value={login}
            onChange={(event) => setLogin(event.target.value)}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            // The page is for nothing else than this.
            // oxlint-disable-next-line jsx-a11y/no-autofocus
            autoFocus
            required
            maxLength={128}
          />
          <label htmlFor={`${id}-password`}>{t('login.password')}</label>
          <div className={css.secret}>
            <input
              ref={passwordField}
              id={`${id}-password`}
              className={css.field}
              type={shown ? 'text' : 'password'}
              value={password}
              onChange={(event) => setPassword(event.target.value)}
              autoComplete="current-password"
              aria-invalid={bad}
              aria-describedby={`${id}-message`}
              required
              maxLength={256}
            />
            <button type="button" aria-pressed={shown} onClick={() => setShown(!shown)}>
              {t(shown ? 'login.hide' : 'login.show')}
            </button>
          </div>
          <p id={`${id}-message`} role="alert" className={css.message} data-bad={bad}>
            {message && (
              <>
                <Icon name={bad ? 'warning' : 'clock'} size={16} />
                <span>{message}</span>
              </>
            )}
          </p>
          <button type="submit" className={css.go} disabled={locked !== null || attempt.isPending}>
            {attempt.isPending ? t('login.going') : t('login.go')}
          </button>
        </form>
        <p className={css.foot}>{t('login.foot')}</p>
      </main>
    </div>
  );
}
