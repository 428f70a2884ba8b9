/** Pages that stand in for a page: not found, not allowed, not reachable, broken. */
import { useQueryClient } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import { useCallback, useContext, useEffect, useState, type ReactNode } from 'react';
import { Fault, isFault } from '../api/client';
import { meQuery } from '../api/queries';
import { seconds } from '../text/format';
import { useT } from '../text/i18n';
import { Button } from '../ui/controls';
import { ShellContext } from './frame';
import { Mark } from './Mark';
import css from './Notice.module.css';
import { leave } from './session';
import { nameWindow } from './title';

function Notice({ code, title, children, actions }: { code: string; title: string; children: ReactNode; actions: ReactNode }) {
  useEffect(() => {
    nameWindow(`${title} · Hotline`);
  }, [title]);
  // Inside the frame there is a main part already.
  const Frame = useContext(ShellContext) ? 'div' : 'main';
  return (
    <Frame className={css.notice}>
      <div className={css.inner}>
        <Mark size={40} />
        <p className={css.code}>{code}</p>
        <h1>{title}</h1>
        <p className={css.text}>{children}</p>
        <div className={css.actions}>{actions}</div>
      </div>
    </Frame>
  );
}

export function NotFound() {
  const t = useT();
  return (
    <Notice
      code="404"
      title={t('page.not_found')}
      actions={
        <Link to="/" className={css.main}>
          {t('page.home')}
        </Link>
      }
    >
      {t('page.not_found.text')}
    </Notice>
  );
}

export function NotAllowed() {
  const t = useT();
  const me = useQueryClient().getQueryData(meQuery.queryKey);
  return (
    <Notice
      code="403"
      title={t('page.not_allowed')}
      actions={
        <>
          <Link to="/" className={css.main}>
            {t('page.home')}
          </Link>
          <Button onPress={() => void leave()}>{t('page.other_user')}</Button>
        </>
      }
    >
      {me ? t('page.not_allowed.text', { name: me.name, role: t(`role.${me.role}`) }) : t('page.not_allowed.plain')}
    </Notice>
  );
}

/** How long the page waits between its own tries. */
const TRY_EVERY_S = 10;

export function Unreachable({ error }: { error: unknown }) {
  const t = useT();
  const router = useRouter();
  const client = useQueryClient();
  const [left, setLeft] = useState(TRY_EVERY_S);
  const attempt = useCallback(() => {
    setLeft(TRY_EVERY_S);
    void client.invalidateQueries().then(() => router.invalidate());
  }, [client, router]);
  useEffect(() => {
    const timer = setInterval(() => setLeft((was) => was - 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => {
    if (left <= 0) attempt();
  }, [left, attempt]);
  return (
    <Notice
      code={error instanceof Fault ? `${error.code}${error.status ? ` ${error.status}` : ''}` : 'error'}
      title={t('page.unreachable')}
      actions={
        <Button kind="main" onPress={attempt}>
          {t('note.again')}
        </Button>
      }
    >
      {t('page.unreachable.text')} <span className={css.next}>{t('page.unreachable.next', { wait: seconds(Math.max(0, left) * 1000) })}</span>
    </Notice>
  );
}

/** Whatever a page threw. */
export function Broken({ error }: { error: unknown }) {
  const t = useT();
  if (isFault(error, 'network') || (error instanceof Fault && error.status >= 500)) return <Unreachable error={error} />;
  if (error instanceof Fault && error.status === 403) return <NotAllowed />;
  return (
    <Notice
      code={error instanceof Fault ? `${error.code} ${error.status}` : error instanceof Error ? error.message.slice(0, 120) : 'error'}
      title={t('page.broken')}
      actions={
        <Button kind="main" onPress={() => location.reload()}>
          {t('page.reload')}
        </Button>
      }
    >
      {t('page.broken.text')}
    </Notice>
  );
}
