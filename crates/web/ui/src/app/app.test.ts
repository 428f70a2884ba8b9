import { describe, expect, it } from 'vitest';
import { homeOf, may, mayReadCurrent, watches } from './access';
import { score, search, type Command } from './commands';
import { nameOf, type Pressed } from './keys';
import { spanOf } from '../pages/interactions/period';
import { midnight, setCenterZone } from '../text/format';

const press = (code: string, more: Partial<Pressed> = {}): Pressed => ({ code, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, isComposing: false, keyCode: 0, ...more });

describe('a key', () => {
  it('is named by its place and what is held with it', () => {
    expect(nameOf(press('KeyJ'))).toBe('KeyJ');
    expect(nameOf(press('KeyK', { ctrlKey: true }))).toBe('Ctrl+KeyK');
    expect(nameOf(press('KeyK', { metaKey: true }))).toBe('Ctrl+KeyK');
    expect(nameOf(press('Slash', { shiftKey: true }))).toBe('Shift+Slash');
  });

  it('does nothing while an input method composes', () => {
    expect(nameOf(press('KeyJ', { isComposing: true }))).toBeUndefined();
    expect(nameOf(press('Enter', { keyCode: 229 }))).toBeUndefined();
  });

  it('does nothing as a modifier alone, nor with AltGr', () => {
    expect(nameOf(press('ShiftLeft', { shiftKey: true }))).toBeUndefined();
    expect(nameOf(press('KeyQ', { ctrlKey: true, altKey: true }))).toBeUndefined();
  });
});

const command = (id: string, title: string, words = ''): Command => ({ id, kind: '', title, words, run: () => undefined });

describe('a command', () => {
  const all = [command('board', '实时看板', 'sskb kanban board'), command('list', '联络', 'll lianluo'), command('anna', 'Anna Petrov', 'anna'), command('jana', 'Jana Nováková')];

  it('is found by its beginning, by a word inside, and by pinyin initials', () => {
    expect(search(all, 'ann').map((one) => one.id)).toEqual(['anna']);
    expect(search(all, 'petr').map((one) => one.id)).toEqual(['anna']);
    expect(search(all, 'sskb').map((one) => one.id)).toEqual(['board']);
    expect(search(all, '看板').map((one) => one.id)).toEqual(['board']);
  });

  it('that begins with what was typed comes before one that only holds it', () => {
    expect(search([command('x', 'Banana'), command('y', 'Ana')], 'ana').map((one) => one.id)).toEqual(['y', 'x']);
  });

  it('has to fit every word, in any order', () => {
    expect(score({ title: 'Anna Petrov' }, 'pet ann')).toBeGreaterThan(0);
    expect(score({ title: 'Anna Petrov' }, 'pet bert')).toBe(0);
  });

  it('is shown in the given order when nothing was typed, and never too many', () => {
    expect(search(all, '  ').map((one) => one.id)).toEqual(['board', 'list', 'anna', 'jana']);
    expect(search(Array.from({ length: 40 }, (_, n) => command(String(n), 'x')), 'x')).toHaveLength(12);
  });
});

describe('somebody', () => {
  const planner = { role: 'planner' as const, permissions: ['see_self', 'see_agents', 'see_queues', 'see_board'] };
  const agent = { role: 'agent' as const, permissions: ['see_self', 'see_agents', 'see_queues', 'see_board', 'read_interactions', 'read_timelines', 'hear_recordings'] };

  it('opens what the server permits, and needs all of it', () => {
    expect([may(planner, 'board'), may(planner, 'interactions'), may(planner, 'recordings')]).toEqual([true, false, false]);
    expect([may(agent, 'board'), may(agent, 'interactions'), may(agent, 'recordings')]).toEqual([false, true, true]);
    expect(may({ role: 'supervisor', permissions: ['read_interactions'] }, 'interactions')).toBe(false);
  });

  it('who takes calls watches the own rows, but has no board', () => {
    expect([watches(agent), watches(planner), watches({ role: 'agent', permissions: [] })]).toEqual([true, true, false]);
  });

  it('reads the story of a call from the talk on, while others may already while it rings', () => {
    const supervisor = { role: 'supervisor' as const, permissions: agent.permissions };
    const states = ['reserved', 'talking', 'wrap_up'] as const;
    expect(states.map((state) => mayReadCurrent(agent, state))).toEqual([false, true, true]);
    expect(states.map((state) => mayReadCurrent(supervisor, state))).toEqual([true, true, true]);
    expect(states.map((state) => mayReadCurrent(planner, state))).toEqual([false, false, false]);
  });

  it('sees trunks and handles alerts only by the server’s leave', () => {
    const supervisor = { role: 'supervisor' as const, permissions: [...agent.permissions, 'see_trunks', 'handle_alerts'] };
    expect([may(supervisor, 'trunks'), may(supervisor, 'alerts')]).toEqual([true, true]);
    for (const one of [planner, agent]) expect([may(one, 'trunks'), may(one, 'alerts')]).toEqual([false, false]);
  });

  it('begins where they may', () => {
    expect([homeOf(agent), homeOf(planner)]).toEqual(['/interactions', '/board']);
  });
});

describe('a period', () => {
  const now = Date.UTC(2026, 10, 21, 20, 47, 31);

  it('begins at midnight of the zone of the center, as it counts its days', () => {
    setCenterZone('UTC');
    expect(midnight(now)).toBe(Date.UTC(2026, 10, 21));
    expect(spanOf('today', now, {})).toEqual({ from: Date.UTC(2026, 10, 21) });
    expect(spanOf('yesterday', now, {})).toEqual({ from: Date.UTC(2026, 10, 20), to: Date.UTC(2026, 10, 21) });
    expect(spanOf('week', now, {})).toEqual({ from: Date.UTC(2026, 10, 15) });
    setCenterZone('Asia/Shanghai');
    expect(spanOf('yesterday', now, {})).toEqual({ from: Date.UTC(2026, 10, 20, 16), to: Date.UTC(2026, 10, 21, 16) });
    setCenterZone(undefined);
  });

  it('is the same question within a minute', () => {
    expect(spanOf('hour', now, {})).toEqual(spanOf('hour', now + 20_000, {}));
  });

  it('may be all, or what was asked for', () => {
    expect([spanOf('all', now, { from: 1 }), spanOf('range', now, { from: 1, to: 2 })]).toEqual([{}, { from: 1, to: 2 }]);
  });
});
