import { describe, expect, it } from 'vitest';
import type { AgentView, InteractionView, QueueView } from '../../api/types';
import { phone } from '../../text/format';
import { attention, burning, byUrgency, callsOf, countStates, figures, grouped, keepGroups, LIMITS, occupancy, shortfall, waitingOf, type AgentGroup } from './figures';
import { whoHas } from './lists';
import { isForOthers } from './Supervise';
import { rowsOf, step } from './tiles';

const NOW = 1_000_000_000;
const noAgents = { ready: 0, reserved: 0, talking: 0, wrap_up: 0, not_ready: 0, logged_out: 0 };
const queue = (id: string, more: Partial<QueueView> = {}, today: Partial<QueueView['today']> = {}): QueueView => ({
  id,
  waiting: 0,
  longest_since: null,
  agents: { ...noAgents, ready: 1 },
  service_level: { goal: 80, threshold_ms: 20_000, short_abandon_ms: 5_000 },
  ...more,
  today: { offered: 0, answered: 0, in_time: 0, abandoned: 0, abandoned_short: 0, wait_ms: 0, handle_ms: 0, handled: 0, service_level: null, ...today },
});
const agent = (id: string, more: Partial<AgentView> = {}): AgentView => ({ id, name: id, state: 'ready', since: NOW, queues: ['a'], skills: {}, handled: 0, ...more });
const call = (id: string, more: Partial<InteractionView> = {}): InteractionView => ({ id, state: 'queued', since: NOW, arrived_at: NOW, from: { number: '1' }, to: '2', recording: false, ...more });

describe('a service level', () => {
  it('has one color wherever it is shown: fine at the goal, bad under three quarters of it', () => {
    expect([80, 79.9, 60, 59.9, null].map((level) => shortfall(level, 80))).toEqual([undefined, 'warn', 'warn', 'bad', undefined]);
    expect(shortfall(10, undefined)).toBeUndefined();
  });
});

describe('the six figures', () => {
  it('are unknown, not zero, while nothing was counted', () => {
    expect(figures([queue('a')], [])).toMatchObject({ serviceLevel: null, waiting: 0, longestSince: null, abandoned: null, handleMs: null, occupancy: null });
  });

  it('weigh the service levels of queues by what they were counted over', () => {
    // 90 of 100 and 10 of 100: together 100 of 200, whatever a mean of the two percentages by answered calls would say.
    const both = [
      queue('a', {}, { answered: 95, in_time: 90, abandoned: 5, service_level: 90 }),
      queue('b', {}, { answered: 20, in_time: 10, abandoned: 80, service_level: 10 }),
    ];
    expect(figures(both, []).serviceLevel).toBeCloseTo(50, 5);
  });

  it('follow the server, whichever abandons the queue counts', () => {
    const today = { answered: 8, in_time: 6, abandoned: 5, abandoned_late: 2 };
    expect(figures([queue('a', {}, { ...today, service_level: 46.2 })], []).serviceLevel).toBeCloseTo((6 / 13) * 100, 5);
    expect(figures([queue('a', {}, { ...today, service_level: 60 })], []).serviceLevel).toBeCloseTo(60, 5);
    expect(figures([queue('a', {}, { ...today, service_level: 75 })], []).serviceLevel).toBeCloseTo(75, 5);
    expect(figures([queue('a', {}, { ...today, service_level: 30 })], []).serviceLevel).toBeCloseTo(30, 5);
  });

  it('write the goal only when all queues share it', () => {
    const other = queue('b', { service_level: { goal: 90, threshold_ms: 10_000, short_abandon_ms: 5_000 } });
    expect(figures([queue('a')], []).goal).toEqual({ goal: 80, threshold_ms: 20_000 });
    expect(figures([queue('a'), other], []).goal).toBeNull();
  });

  it('leave short abandons out of the share of abandoned', () => {
    expect(figures([queue('a', {}, { offered: 110, abandoned: 10, abandoned_short: 10 })], []).abandoned).toBeCloseTo(10, 5);
  });

  it('take the longest wait of all queues', () => {
    expect(figures([queue('a', { longest_since: NOW - 5 }), queue('b', { longest_since: NOW - 9 })], []).longestSince).toBe(NOW - 9);
  });

  it('count who is at work and not away in the occupancy', () => {
    const counts = countStates(['ready', 'talking', 'talking', 'wrap_up', 'not_ready', 'logged_out'].map((state, n) => agent(String(n), { state: state as AgentView['state'] })));
    expect(occupancy(counts)).toBe(75);
  });
});

describe('queues', () => {
  it('burn when somebody waits and nobody is logged in, or waits three thresholds', () => {
    expect(burning(queue('a', { waiting: 1, longest_since: NOW - 1_000, agents: noAgents }), NOW)).toBe('bad');
    expect(burning(queue('a', { waiting: 1, longest_since: NOW - 60_001 }), NOW)).toBe('bad');
    expect(burning(queue('a', { waiting: 1, longest_since: NOW - 20_001 }), NOW)).toBe('warn');
    expect(burning(queue('a', {}, { service_level: 79.9 }), NOW)).toBe('warn');
    expect(burning(queue('a', {}, { service_level: null }), NOW)).toBe('fine');
  });

  it('are in order of urgency', () => {
    const all = [
      queue('calm'),
      queue('late', { waiting: 1, longest_since: NOW - 30_000 }),
      queue('fire', { waiting: 1, longest_since: NOW - 90_000 }),
      queue('new', { waiting: 1, longest_since: NOW - 1_000 }),
    ];
    expect(byUrgency(all, NOW)).toEqual(['fire', 'late', 'new', 'calm']);
  });
});

describe('calls', () => {
  const all = [
    call('offered', { state: 'offered', queued_at: NOW - 9, queue: 'a' }),
    call('queued', { queued_at: NOW - 5, queue: 'b' }),
    call('talk', { state: 'connected', since: NOW - 3, queue: 'a' }),
    call('flow', { state: 'in_flow', since: NOW - 7 }),
    call('over', { state: 'closed' }),
  ];

  it('that wait are those who wait or ring, the longest first', () => {
    expect(waitingOf(all)).toEqual(['offered', 'queued']);
    expect(waitingOf(all, 'b')).toEqual(['queued']);
  });

  it('in progress are the others that are open', () => {
    expect(callsOf(all)).toEqual(['flow', 'talk']);
    expect(callsOf(all, 'a')).toEqual(['talk']);
  });
});

describe('attention', () => {
  it('is needed over a limit, and when an offer was missed', () => {
    const over = (state: AgentView['state'], ms: number, reason?: string) => attention(agent('x', { state, reason, since: NOW - ms }), undefined, LIMITS, NOW);
    expect(over('talking', LIMITS.talking + 1)).toEqual({ code: 'over', what: 'talking', limit: LIMITS.talking });
    expect(over('talking', LIMITS.talking - 1)).toBeNull();
    expect(over('ready', 10 * LIMITS.talking)).toBeNull();
    expect(over('not_ready', 1, 'no_answer')).toEqual({ code: 'missed' });
    expect(over('not_ready', 1, 'unreachable')).toEqual({ code: 'unreachable' });
  });

  it('looks at the hold before the talk', () => {
    const held = call('IX', { state: 'on_hold', since: NOW - LIMITS.on_hold - 1 });
    expect(attention(agent('x', { state: 'talking', since: NOW - LIMITS.on_hold - 9 }), held, LIMITS, NOW)).toMatchObject({ what: 'on_hold' });
  });

  it('comes first among the groups; within a group whoever is longest in the state', () => {
    const all = [
      agent('new', { since: NOW - 1 }),
      agent('old', { since: NOW - 9 }),
      agent('missed', { state: 'not_ready', reason: 'no_answer' }),
      agent('home', { state: 'logged_out' }),
    ];
    expect(grouped(all, () => undefined, LIMITS, NOW)).toEqual([
      { group: 'attention', ids: ['missed'] },
      { group: 'ready', ids: ['old', 'new'] },
      { group: 'logged_out', ids: ['home'] },
    ]);
    expect(grouped(all, () => undefined, LIMITS, NOW, 'logged_out')).toEqual([{ group: 'logged_out', ids: ['home'] }]);
  });
});

describe('groups between two orders', () => {
  const shown: AgentGroup[] = [
    { group: 'ready', ids: ['a', 'b', 'c'] },
    { group: 'talking', ids: ['d', 'e'] },
  ];
  const next: AgentGroup[] = [
    { group: 'ready', ids: ['c', 'a'] },
    { group: 'talking', ids: ['b', 'e', 'd'] },
    { group: 'wrap_up', ids: ['f'] },
  ];

  it('have whoever began to talk among those who talk at once, and nobody else moves', () => {
    expect(keepGroups(shown, next, false)).toEqual([
      { group: 'ready', ids: ['a', 'c'] },
      { group: 'talking', ids: ['d', 'e', 'b'] },
      { group: 'wrap_up', ids: ['f'] },
    ]);
  });

  it('stay as they are under the pointer', () => {
    expect(keepGroups(shown, next, true)).toEqual(shown);
  });
});

describe('a call past the queues', () => {
  it('names who has it, by login or number', () => {
    const past = (more: Partial<InteractionView>) => call('IX', { state: 'transferred', ...more });
    expect(whoHas(past({ with: { login: 'sara', number: '1020' } }))).toBe('sara');
    expect(whoHas(past({ with: { number: '+4930123456' } }))).toBe(phone('+4930123456'));
    expect(whoHas(past({}))).toBe('');
    expect(whoHas(call('IX', { state: 'connected', agent: 'anna' }))).toBe('anna');
  });

  it('is not offered to be listened to to those who talk in it', () => {
    const mine = call('IX', { state: 'transferred', talks: ['anna', 'sara'] });
    expect([isForOthers(mine, 'sara'), isForOthers(mine, 'tom')]).toEqual([false, true]);
  });
});

describe('tiles', () => {
  const rows = rowsOf(
    [
      { group: 'ready', ids: ['a', 'b', 'c'] },
      { group: 'talking', ids: ['d'] },
    ],
    2,
  );

  it('stand in rows under a heading per group', () => {
    expect(rows.map((row) => (row.kind === 'head' ? `${row.group} ${row.size}` : row.ids.join(' ')))).toEqual(['ready 3', 'a b', 'c', 'talking 1', 'd']);
  });

  it('are walked by arrow keys, over headings and short rows', () => {
    expect(step(rows, 'b', 'ArrowDown')).toBe('c');
    expect(step(rows, 'c', 'ArrowDown')).toBe('d');
    expect(step(rows, 'd', 'ArrowUp')).toBe('c');
    expect(step(rows, 'b', 'ArrowRight')).toBe('c');
    expect(step(rows, 'a', 'ArrowLeft')).toBeUndefined();
    expect([step(rows, 'c', 'Home'), step(rows, 'c', 'End')]).toEqual(['a', 'd']);
    expect(step(rows, 'gone', 'Home')).toBeUndefined();
  });
});
