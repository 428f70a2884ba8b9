import { beforeEach, describe, expect, it } from 'vitest';
import type { AlertView, TrunkView } from '../api/types';
import { trunksSentence } from '../pages/board/sentence';
import { alertSentence, alertTitle, alertWord } from '../text/alerts';
import { t } from '../text/i18n';
import { speak } from '../text/testing';
import { firstOpen, LINGER_MS, merge, type Entry } from './alerts';
import { byTrouble, isFull, tallyOf, troubleOf } from './trunks';

const alert = (id: string, at = 1): AlertView => ({ id, at, kind: 'emergency', from: { number: '1001' }, number: '112', interaction: 'IX-1' });
const fates = (entries: readonly Entry[]) => entries.map((entry) => `${entry.alert.id} ${entry.fate}`);
const decided = (entries: readonly Entry[], fate: Entry['fate'], since: number) => entries.map((entry) => ({ ...entry, fate, since }));

describe('alerts', () => {
  it('stand the oldest first, and a new one goes to the end though its clock says otherwise', () => {
    const shown = merge([], [alert('AL-2', 20), alert('AL-1', 10)], 100);
    expect(fates(merge(shown, [alert('AL-3', 5), alert('AL-1', 10), alert('AL-2', 20)], 200))).toEqual(['AL-1 open', 'AL-2 open', 'AL-3 open']);
  });

  it('are led by calls for help, whichever came first', () => {
    const silent: AlertView = { id: 'AL-0', at: 1, kind: 'one_way', way: 'in', from: { number: '0301' }, interaction: 'IX-2' };
    const shown = merge([], [silent, alert('AL-1', 10)], 100);
    expect(fates(shown)).toEqual(['AL-0 open', 'AL-1 open']);
    expect(firstOpen(shown)?.alert.id).toBe('AL-1');
    expect(firstOpen(decided(shown, 'mine', 100).map((one) => (one.alert.id === 'AL-0' ? { ...one, fate: 'open' } : one)))?.alert.id).toBe('AL-0');
  });

  it('keep their places for a moment when somebody else was faster', () => {
    const shown = merge([], [alert('AL-1', 10), alert('AL-2', 20)], 100);
    const after = merge(shown, [alert('AL-2', 20)], 200);
    expect(fates(after)).toEqual(['AL-1 theirs', 'AL-2 open']);
    expect(firstOpen(after)?.alert.id).toBe('AL-2');
    expect(fates(merge(after, [alert('AL-2', 20)], 200 + LINGER_MS))).toEqual(['AL-2 open']);
  });

  it('wait for the server’s answer before saying who was faster', () => {
    const asking = decided(merge([], [alert('AL-1')], 100), 'asking', 100);
    expect(fates(merge(asking, [], 200))).toEqual(['AL-1 asking']);
  });

  it('that I took stay mine, whether the board has heard of it or not', () => {
    const mine = decided(merge([], [alert('AL-1')], 100), 'mine', 150);
    expect(fates(merge(mine, [], 200))).toEqual(['AL-1 mine']);
    expect(fates(merge(mine, [alert('AL-1')], 200))).toEqual(['AL-1 mine']);
  });

  it('that could not be closed are still open', () => {
    const failed = decided(merge([], [alert('AL-1')], 100), 'failed', 150);
    expect(firstOpen(failed)?.alert.id).toBe('AL-1');
    expect(fates(merge(failed, [], 200))).toEqual(['AL-1 theirs']);
  });
});

const trunk = (id: string, more: Partial<TrunkView> = {}): TrunkView => ({ id, state: 'up', since: 1, calls_in: 0, calls_out: 0, sent: 0, failed: 0, ...more });

describe('a disk that fills up', () => {
  beforeEach(() => speak('en'));

  it('is told in words though nobody is called', () => {
    const low: AlertView = { id: 'AL-1', at: 1, kind: 'recordings_low', free_bytes: 500_000_000 };
    expect([alertWord(low), alertTitle(low)]).toEqual(['Disk low', 'Little room for recordings: 500.0\u00a0MB left']);
    expect(alertSentence({ id: 'AL-2', at: 1, kind: 'recordings_full' }, '')).toBe('The disk is full: calls are not recorded');
  });
});

describe('a limit that turns calls away', () => {
  beforeEach(() => speak('en'));

  it('is named as the configuration names it, with how many calls it was', () => {
    const full: AlertView = { id: 'AL-1', at: 1, kind: 'limit_reached', limit: { key: 'calls_max', trunk: 'carrier', max: 30 }, calls: 41 };
    expect([alertWord(full), alertTitle(full)]).toEqual(['Limit reached', 'calls_max of trunk carrier (30) is reached: 41 calls were turned away']);
    speak('zh');
    expect(alertTitle(full)).toBe('中继 carrier 的 calls_max（30）已达上限：拒绝了 41 个呼叫');
  });
});

describe('trunks', () => {
  beforeEach(() => speak('en'));

  it('are in trouble when they are down, not registered or shaky, and not when nobody looks', () => {
    expect([trunk('a'), trunk('a', { state: 'unknown' }), trunk('a', { registered: true })].map(troubleOf)).toEqual([null, null, null]);
    expect(troubleOf(trunk('a', { state: 'down', registered: false }))).toBe('down');
    expect(troubleOf(trunk('a', { state: 'shaky', registered: false }))).toBe('unregistered');
    expect(troubleOf(trunk('a', { state: 'shaky' }))).toBe('shaky');
  });

  it('stand what is wrong first, then by name', () => {
    const all = [trunk('d'), trunk('c', { state: 'unknown' }), trunk('s', { state: 'shaky' }), trunk('r', { registered: false }), trunk('x', { state: 'down' })];
    expect(byTrouble(all)).toEqual(['x', 'r', 's', 'c', 'd']);
    expect(tallyOf(all)).toEqual({ down: 1, unregistered: 1, shaky: 1, up: 1, unknown: 1, troubled: ['x', 'r', 's'] });
  });

  it('are full when calls of both ways reach the limit, and never without one', () => {
    expect(isFull(trunk('a', { calls_in: 2, calls_out: 1, calls_max: 3 }))).toBe(true);
    expect(isFull(trunk('a', { calls_in: 1, calls_out: 1, calls_max: 3 }))).toBe(false);
    expect(isFull(trunk('a', { calls_in: 900 }))).toBe(false);
    expect(isFull(trunk('a', { calls_max: 0 }))).toBe(true);
  });

  it('are told on the board by name when one is wrong, by number when more are', () => {
    const down = trunk('backup', { state: 'down', why: 'it does not answer OPTIONS' });
    expect(trunksSentence(t, [trunk('a'), trunk('b'), down])).toBe('Trunk backup is down · 2 up · No answer to OPTIONS');
    expect(trunksSentence(t, [trunk('a'), down, trunk('c', { state: 'down' }), trunk('d', { registered: false })])).toBe('Trunks: 2 down, 1 not registered, 1 up');
    speak('zh');
    expect(trunksSentence(t, [down])).toBe('中继 backup 中断 · 对 OPTIONS 无应答');
  });
});
