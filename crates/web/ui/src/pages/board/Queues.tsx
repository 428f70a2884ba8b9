import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import { keepPlaces, useOrder, useRow } from '../../live/hooks';
import { queues, serverNow } from '../../live/live';
import { AGENT_STATES } from '../../api/types';
import { count, percent } from '../../text/format';
import { useT } from '../../text/i18n';
import { Clock } from '../../ui/Clock';
import { cx } from '../../ui/cx';
import { Icon } from '../../ui/Icon';
import { Empty } from '../../ui/notes';
import { agentTone, agentWord } from '../../ui/State';
import { burning, byUrgency, shortfall } from './figures';
import { useHold } from '../../live/hold';
import css from './Queues.module.css';

const MIX = AGENT_STATES.filter((state) => state !== 'logged_out');

const QueueRow = memo(function QueueRow({ id, chosen }: { id: string; chosen: boolean }) {
  const t = useT();
  const queue = useRow(queues, id);
  if (!queue) return null;
  const heat = burning(queue, serverNow());
  const mix = MIX.map((state) => `${agentWord(t, state)} ${count(queue.agents[state])}`).join(', ');
  const level = queue.today.service_level;
  return (
    <div role="row" className={cx(css.row, css[heat], chosen && css.chosen)} aria-selected={chosen}>
      <span role="cell" className={css.name}>
        {heat === 'bad' && <Icon name="warning" className={css.alarm} />}
        <Link to="/board" search={(was) => ({ ...was, queue: chosen ? undefined : id })} className={css.link} title={id}>
          {id}
        </Link>
      </span>
      <span role="cell" className={css.number} data-hot={heat !== 'fine' && queue.waiting > 0}>
        {count(queue.waiting)}
      </span>
      <span role="cell" className={css.number} data-hot={heat !== 'fine' && queue.waiting > 0}>
        <Clock since={queue.longest_since ?? null} />
      </span>
      <span role="cell" className={css.number} data-tone={shortfall(level, queue.service_level.goal)}>
        {percent(level)}
      </span>
      <span role="cell" className={css.number}>
        {count(queue.agents.ready)}
      </span>
      <span role="cell" className={css.mix}>
        <span role="img" aria-label={mix} title={mix}>
          {MIX.map((state) =>
            queue.agents[state] > 0 ? <i key={state} data-tone={agentTone(state)} style={{ flexGrow: queue.agents[state] }} /> : null,
          )}
        </span>
      </span>
    </div>
  );
});

/** The queues, the most urgent first. */
export function Queues({ chosen }: { chosen: string | undefined }) {
  const t = useT();
  const order = useOrder([queues], '', () => byUrgency(queues.rows.values(), serverNow()), keepPlaces);
  const hold = useHold(order.hold);
  return (
    <section className={css.panel} aria-labelledby="queues-title">
      <header className={css.head}>
        <h2 id="queues-title">{t('queues.title')}</h2>
        <span className={css.count}>{count(order.value.length)}</span>
        <span className={css.hint}>{t('queues.order')}</span>
      </header>
      {order.value.length === 0 ? (
        <Empty icon="queue">{t('queues.none')}</Empty>
      ) : (
        <div role="table" aria-labelledby="queues-title" className={css.table} {...hold}>
          <div role="row" className={css.titles}>
            <span role="columnheader">{t('queues.queue')}</span>
            <span role="columnheader">{t('queues.waiting')}</span>
            <span role="columnheader">{t('queues.longest')}</span>
            <span role="columnheader">{t('queues.service')}</span>
            <span role="columnheader">{t('state.ready')}</span>
            <span role="columnheader">{t('queues.mix')}</span>
          </div>
          {order.value.map((id) => (
            <QueueRow key={id} id={id} chosen={id === chosen} />
          ))}
        </div>
      )}
    </section>
  );
}
