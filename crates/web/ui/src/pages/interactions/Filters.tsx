import { useQuery } from '@tanstack/react-query';
import { CalendarDate, parseAbsolute, toZoned } from '@internationalized/date';
import { useEffect, useMemo, useState, type FormEvent } from 'react';
import { DateField, DateInput, DateSegment } from 'react-aria-components';
import { queuesQuery } from '../../api/queries';
import { OUTCOMES, type AgentView, type Outcome } from '../../api/types';
import { PERIODS, type ListSearch, type Period } from '../../app/router';
import { seesOnlyOwn } from '../../app/access';
import { useShell } from '../../app/frame';
import { serverNow } from '../../live/live';
import { todayText } from '../../text/day';
import { centerZone, midnight } from '../../text/format';
import { useT } from '../../text/i18n';
import { Button, Choose } from '../../ui/controls';
import { cx } from '../../ui/cx';
import { Icon } from '../../ui/Icon';
import css from './Filters.module.css';

const ANY = ' any';

/** A day of the center, to the moment it begins. */
const beginOf = (day: CalendarDate): number => toZoned(day, centerZone()).toDate().getTime();

function Day({ label, at, onChange }: { label: string; at: number | undefined; onChange: (at: number) => void }) {
  const value = useMemo(() => {
    if (at === undefined) return null;
    const here = parseAbsolute(new Date(at).toISOString(), centerZone());
    return new CalendarDate(here.year, here.month, here.day);
  }, [at]);
  return (
    <DateField
      aria-label={label}
      value={value}
      onChange={(day) => {
        if (day) onChange(beginOf(day));
      }}
      className={cx(css.day)}
    >
      <DateInput className={cx(css.dayField)}>{(segment) => <DateSegment segment={segment} className={cx(css.segment)} />}</DateInput>
    </DateField>
  );
}

interface Props {
  search: ListSearch;
  when: Period;
  agents: readonly AgentView[];
  update: (next: ListSearch) => void;
}

/** Every filter stands in the address, so that what is seen can be sent as a link. */
export function Filters({ search, when, agents, update }: Props) {
  const t = useT();
  const { me } = useShell();
  const queues = useQuery(queuesQuery);
  const [number, setNumber] = useState(search.number ?? '');
  useEffect(() => setNumber(search.number ?? ''), [search.number]);
  const find = (event: FormEvent) => {
    event.preventDefault();
    update({ number: number.replace(/[\s()-]/g, '') || undefined });
  };
  const filtered = Boolean(search.queue ?? search.agent ?? search.outcome ?? search.number);
  const queueNames = queues.data?.queues.map((queue) => queue.id) ?? [];
  if (search.queue && !queueNames.includes(search.queue)) queueNames.push(search.queue);
  const people = agents.map((agent) => ({ id: agent.id, text: agent.name }));
  if (search.agent && !people.some((one) => one.id === search.agent)) people.push({ id: search.agent, text: search.agent });
  return (
    <form role="search" className={css.filters} onSubmit={find}>
      <Choose<Period>
        label={t('filter.when')}
        value={when}
        className={css.wide}
        choices={PERIODS.map((one) => ({ id: one, text: one === 'today' ? todayText(serverNow()) : t(`filter.when.${one}`) }))}
        onChange={(next) =>
          update(
            next === 'range'
              ? { when: next, from: search.from ?? midnight(serverNow(), 6), to: search.to }
              : { when: next, from: undefined, to: undefined },
          )
        }
      />
      {when === 'range' && (
        <span className={css.range}>
          <Day label={t('filter.from')} at={search.from} onChange={(from) => update({ from })} />
          <span aria-hidden="true">–</span>
          <Day
            label={t('filter.to')}
            // The address keeps the first moment that is not meant any more; people name the last day that is.
            at={search.to === undefined ? undefined : search.to - 1}
            onChange={(to) => update({ to: midnight(to, -1) })}
          />
        </span>
      )}
      <Choose
        label={t('filter.queue')}
        className={css.narrow}
        value={search.queue ?? ANY}
        choices={[{ id: ANY, text: t('filter.any_queue') }, ...queueNames.map((id) => ({ id, text: id }))]}
        onChange={(queue) => update({ queue: queue === ANY ? undefined : queue })}
      />
      {!seesOnlyOwn(me) && (
        <Choose
          label={t('filter.agent')}
          className={css.narrow}
          value={search.agent ?? ANY}
          choices={[{ id: ANY, text: t('filter.any_agent') }, ...people]}
          onChange={(agent) => update({ agent: agent === ANY ? undefined : agent })}
        />
      )}
      <Choose<Outcome | typeof ANY>
        label={t('filter.outcome')}
        className={css.narrow}
        value={search.outcome ?? ANY}
        choices={[{ id: ANY, text: t('filter.any_outcome') }, ...OUTCOMES.map((id) => ({ id, text: t(`outcome.${id}`) }))]}
        onChange={(outcome) => update({ outcome: outcome === ANY ? undefined : outcome })}
      />
      <span className={css.number}>
        <Icon name="find" />
        <input
          aria-label={t('filter.number')}
          placeholder={t('filter.number')}
          inputMode="tel"
          maxLength={40}
          value={number}
          onChange={(event) => setNumber(event.target.value)}
          onBlur={(event) => {
            if ((search.number ?? '') !== number) find(event as unknown as FormEvent);
          }}
        />
      </span>
      {filtered && (
        <Button kind="quiet" onPress={() => update({ queue: undefined, agent: undefined, outcome: undefined, number: undefined })}>
          <Icon name="x" size={12} /> {t('list.clear')}
        </Button>
      )}
    </form>
  );
}
