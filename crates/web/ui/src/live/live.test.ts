import { beforeEach, describe, expect, it } from 'vitest';
import type { AgentView, AlertView, InteractionView, LiveMessage, TrunkView } from '../api/types';
import { agents, alerts, apply, forget, forgetTime, interactions, learnTime, serverNow, trunks, useLive } from './live';
import { keepPlaces } from './hooks';
import { sparkline, Samples, SAMPLES_MAX } from './samples';
import { Table } from './table';

/** Frames that come when the test says so. */
function frames() {
  let waiting: (() => void)[] = [];
  return {
    schedule: (run: () => void) => void waiting.push(run),
    next: () => {
      const now = waiting;
      waiting = [];
      for (const run of now) run();
      return now.length;
    },
  };
}

interface Row {
  id: string;
  n: number;
}

describe('a live table', () => {
  it('tells a row that changed ten times once, at the next frame', () => {
    const frame = frames();
    const table = new Table<Row>(frame.schedule);
    let [row, whole] = [0, 0];
    table.listenRow('a', () => (row += 1));
    table.listen(() => (whole += 1));
    for (let n = 0; n < 10; n++) table.put({ id: 'a', n });
    expect([row, whole]).toEqual([0, 0]);
    expect(frame.next()).toBe(1);
    expect([row, whole, table.rows.get('a')?.n]).toEqual([1, 1, 9]);
  });

  it('tells nobody about a row that came again as it was', () => {
    const frame = frames();
    const table = new Table<Row>(frame.schedule);
    table.put({ id: 'a', n: 1 });
    frame.next();
    table.put({ id: 'a', n: 1 });
    expect(frame.next()).toBe(0);
  });

  it('tells only those who listen to the row that changed', () => {
    const frame = frames();
    const table = new Table<Row>(frame.schedule);
    const told: string[] = [];
    table.listenRow('a', () => told.push('a'));
    const stop = table.listenRow('b', () => told.push('b'));
    table.replace([{ id: 'a', n: 1 }, { id: 'b', n: 1 }]);
    frame.next();
    told.length = 0;
    table.put({ id: 'b', n: 2 });
    frame.next();
    stop();
    table.put({ id: 'b', n: 3 });
    frame.next();
    expect(told).toEqual(['b']);
  });

  it('takes exactly the rows of a snapshot and keeps the same objects for those that did not change', () => {
    const frame = frames();
    const table = new Table<Row>(frame.schedule);
    table.replace([{ id: 'a', n: 1 }, { id: 'b', n: 1 }]);
    const before = table.rows.get('a');
    table.replace([{ id: 'a', n: 1 }, { id: 'c', n: 1 }]);
    expect([...table.rows.keys()].toSorted()).toEqual(['a', 'c']);
    expect(table.rows.get('a')).toBe(before);
  });
});

const agent = (id: string, more: Partial<AgentView> = {}): AgentView => ({ id, name: id, state: 'ready', since: 1, queues: [], skills: {}, handled: 0, ...more });
const call = (id: string, more: Partial<InteractionView> = {}): InteractionView => ({
  id,
  state: 'queued',
  since: 1,
  arrived_at: 1,
  from: { number: '1' },
  to: '2',
  recording: false,
  ...more,
});

const trunk = (id: string, more: Partial<TrunkView> = {}): TrunkView => ({ id, state: 'up', since: 1, calls_in: 0, calls_out: 0, sent: 0, failed: 0, ...more });
const alert = (id: string): AlertView => ({ id, at: 1, kind: 'emergency', from: { number: '1001' }, number: '112', interaction: 'IX-1' });
const snapshot = (at: number, rows: Partial<Extract<LiveMessage, { type: 'snapshot' }>> = {}): LiveMessage => ({
  type: 'snapshot',
  at,
  agents: [],
  queues: [],
  interactions: [],
  trunks: [],
  alerts: [],
  ...rows,
});

describe('the live connection', () => {
  beforeEach(() => {
    globalThis.requestAnimationFrame = (run) => {
      run(0);
      return 0;
    };
    forget();
  });

  it('begins with a snapshot and follows the deltas', () => {
    apply(snapshot(1_000, { agents: [agent('anna')], interactions: [call('IX-1')] }), 1_000);
    expect(useLive.getState()).toMatchObject({ connection: 'live', known: true, snapshots: 1 });
    apply({ type: 'delta', at: 1_100, agents: [agent('anna', { state: 'talking' })], interactions: [call('IX-2')], gone: { interactions: [{ id: 'IX-1', outcome: 'handled' }] } }, 1_100);
    expect(agents.rows.get('anna')?.state).toBe('talking');
    expect([...interactions.rows.keys()]).toEqual(['IX-2']);
  });

  it('drops an interaction whose row says that it is closed', () => {
    apply(snapshot(1_000, { interactions: [call('IX-1')] }), 1_000);
    apply({ type: 'delta', at: 1_100, interactions: [call('IX-1', { state: 'closed' })] }, 1_100);
    expect(interactions.rows.size).toBe(0);
  });

  it('follows trunks and alerts, and empties them for the next person', () => {
    apply(snapshot(1_000, { trunks: [trunk('carrier'), trunk('backup')], alerts: [alert('AL-1')] }), 1_000);
    apply({ type: 'delta', at: 1_100, trunks: [trunk('carrier', { state: 'down' })], alerts: [alert('AL-2')], gone: { trunks: ['backup'], alerts: ['AL-1'] } }, 1_100);
    expect([[...trunks.rows.keys()], trunks.rows.get('carrier')?.state, [...alerts.rows.keys()]]).toEqual([['carrier'], 'down', ['AL-2']]);
    forget();
    expect([trunks.rows.size, alerts.rows.size]).toEqual([0, 0]);
  });

  it('tells alerts without a frame, because a hidden page has none', async () => {
    globalThis.requestAnimationFrame = () => 0;
    const told: string[] = [];
    const stops = [trunks.listen(() => told.push('trunks')), alerts.listen(() => told.push('alerts'))];
    apply({ type: 'delta', at: 1_000, trunks: [trunk('other')], alerts: [alert('AL-9')] }, 1_000);
    await Promise.resolve();
    for (const stop of stops) stop();
    expect(told).toEqual(['alerts']);
  });

  it('takes a second snapshot as the whole truth after a loss', () => {
    apply(snapshot(1_000, { agents: [agent('anna'), agent('bert')], interactions: [call('IX-1')] }), 1_000);
    useLive.setState({ connection: 'stale' });
    apply(snapshot(9_000, { agents: [agent('bert')] }), 9_000);
    expect([[...agents.rows.keys()], interactions.rows.size, useLive.getState().connection]).toEqual([['bert'], 0, 'live']);
  });

  it('reads the server’s clock from the message that was quickest to come', () => {
    forgetTime();
    const here = Date.now();
    learnTime(here + 60_000 - 400, here);
    learnTime(here + 60_000 - 5, here);
    learnTime(here + 60_000 - 900, here);
    expect(Math.abs(serverNow() - Date.now() - 60_000)).toBeLessThan(20);
  });
});

describe('an order that is held', () => {
  it('puts new rows at the end and lets gone ones fall out', () => {
    expect(keepPlaces(['b', 'a', 'c'], ['a', 'b', 'd'], false)).toEqual(['b', 'a', 'd']);
  });

  it('keeps the places of gone rows while somebody is at the list', () => {
    expect(keepPlaces(['b', 'a', 'c'], ['a', 'b', 'd'], true)).toEqual(['b', 'a', 'c', 'd']);
  });
});

const numbers = (path: string) =>
  path
    .split(/[ML]/)
    .filter(Boolean)
    .map((point) => point.split(' ').map(Number));

describe('samples', () => {
  it('keep the newest and let the oldest go', () => {
    const samples = new Samples();
    for (let n = 0; n < SAMPLES_MAX + 5; n++) samples.add(n);
    expect([samples.values().length, samples.values()[0]]).toEqual([SAMPLES_MAX, 5]);
  });

  it('become no line before there are two, and a broken one over what is unknown', () => {
    expect(sparkline([], 74, 24, 1)).toBe('');
    expect(sparkline([1, null], 74, 24, 1)).toBe('');
    expect(sparkline([1, 2, null, 3, 4], 74, 24, 1).match(/M/g)).toHaveLength(2);
  });

  it('stay inside their box and do not make noise look like news', () => {
    for (const [x, y] of numbers(sparkline([5, 1, 9, 3], 74, 24, 1))) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(74);
      expect(y).toBeGreaterThanOrEqual(1);
      expect(y).toBeLessThanOrEqual(23);
    }
    const flat = numbers(sparkline([50, 50.1, 50], 74, 24, 10)).map(([, y]) => y ?? 0);
    expect(Math.max(...flat) - Math.min(...flat)).toBeLessThan(1);
  });
});
