import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { KeyboardEvent } from 'react';
import { conferencesQuery, lockConference, muteMember, removeMember } from '../../api/queries';
import type { Conference, ConferenceMember } from '../../api/types';
import { may } from '../../app/access';
import { TopSlot, useShell } from '../../app/frame';
import { count } from '../../text/format';
import { langOf, numberBeside, partyName } from '../../text/party';
import { useT } from '../../text/i18n';
import { Clock } from '../../ui/Clock';
import { Button } from '../../ui/controls';
import { cx } from '../../ui/cx';
import { Icon } from '../../ui/Icon';
import { Empty, Failed, Lines } from '../../ui/notes';
import { useTwice } from '../../ui/twice';
import css from './conferences.module.css';

/** Does something in a conference and reads the list anew, so that what is shown is what the server says. */
function useOrder(act: (wanted: boolean) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: act, onSettled: () => client.invalidateQueries({ queryKey: conferencesQuery.queryKey }) });
}

function Member({ room, member }: { room: string; member: ConferenceMember }) {
  const t = useT();
  const { me } = useShell();
  const mute = useOrder((muted) => muteMember(room, member.id, muted));
  const remove = useOrder(() => removeMember(room, member.id));
  // The rows move up when one goes: a second press on the same spot must not be another one's removal.
  const removing = useTwice(() => remove.mutate(true));
  const failed = mute.error ?? remove.error;
  const name = partyName(member.from);
  const state = member.muted ? 'muted' : member.speaks ? 'speaks' : 'listens';
  const onKeyDown = (event: KeyboardEvent<HTMLLIElement>) => {
    const rows = [...(event.currentTarget.parentElement?.querySelectorAll<HTMLElement>('[data-member]') ?? [])];
    const to = rows.indexOf(event.currentTarget) + (event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : Number.NaN);
    if (event.key === 'm' && !mute.isPending) mute.mutate(!member.muted_by_order);
    else if (event.key === 'Delete' && !remove.isPending) removing.press();
    else if (rows[to]) rows[to].focus();
    else return;
    event.preventDefault();
  };
  return (
    // The row takes the keys that are written on its buttons.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions
    <li className={css.member} data-member={member.id} data-state={state} tabIndex={0} onKeyDown={onKeyDown} aria-label={`${name}: ${t(`conference.${state}`)}`}>
      <Icon name={member.muted ? 'muted' : member.speaks ? 'talking' : 'ear'} className={css[state]} />
      <span className={css.state}>{t(`conference.${state}`)}</span>
      <span className={css.who}>
        <b lang={langOf(name)}>{name}</b> {numberBeside(member.from)}
      </span>
      <span className={css.moderator}>{member.moderator && t('conference.moderator')}</span>
      <Clock since={member.since} className={css.clock} />
      <span className={css.actions}>
        {failed && (
          <span role="alert" className={css.refused}>
            <Icon name="warning" /> {t('conference.failed', { why: failed.message })}
          </span>
        )}
        <Button kind="quiet" on={member.muted_by_order} isDisabled={mute.isPending} onPress={() => mute.mutate(!member.muted_by_order)}>
          {t(member.muted_by_order ? 'conference.unmute' : 'conference.mute')} <kbd>M</kbd>
        </Button>
        <Button kind="quiet" isDisabled={remove.isPending} onPress={removing.press}>
          {t(removing.armed ? 'monitor.once_more' : 'conference.remove')} <kbd>Del</kbd>
        </Button>
        {may(me, 'interactions') && (
          <Link className={css.link} to="/interactions/$id" params={{ id: member.id }}>
            {t('call.timeline')}
          </Link>
        )}
      </span>
    </li>
  );
}

function Room({ room }: { room: Conference }) {
  const t = useT();
  const lock = useOrder((locked) => lockConference(room.name, locked));
  return (
    <section className={css.room} data-room={room.name} aria-label={t('conference.room', { room: room.name })}>
      <header className={css.head}>
        <h2>{room.name}</h2>
        <span className={css.count}>
          {count(room.members.length)} / {count(room.members_max)}
        </span>
        <span className={css.hint}>{room.waits && t('conference.waits')}</span>
        {lock.error && (
          <span role="alert" className={css.refused}>
            <Icon name="warning" /> {t('conference.failed', { why: lock.error.message })}
          </span>
        )}
        <Button kind="quiet" on={room.locked} aria-pressed={room.locked} isDisabled={lock.isPending} onPress={() => lock.mutate(!room.locked)}>
          {t(room.locked ? 'conference.locked' : 'conference.lock')}
        </Button>
      </header>
      <ul className={css.members}>
        {room.members.map((member) => (
          <Member key={member.id} room={room.name} member={member} />
        ))}
      </ul>
    </section>
  );
}

/** Who is in which conference, who speaks, and what can be done about it. */
export default function Conferences() {
  const t = useT();
  const asked = useQuery(conferencesQuery);
  const rooms = asked.data?.conferences;
  return (
    <div className={cx(css.page)} data-stale={asked.isError && rooms !== undefined}>
      <TopSlot title={t('conference.title')}>
        <span className={css.hint}>{rooms && rooms.length > 0 ? t('conference.keys') : ''}</span>
      </TopSlot>
      {asked.isError ? (
        <Failed what={t('conference.load_failed')} error={asked.error} again={() => void asked.refetch()} />
      ) : rooms === undefined ? (
        <Lines rows={5} height={36} />
      ) : rooms.length === 0 ? (
        <Empty icon="conference">{t('conference.none')}</Empty>
      ) : (
        <div className={css.box}>
          {rooms.map((room) => (
            <Room key={room.name} room={room} />
          ))}
        </div>
      )}
    </div>
  );
}
