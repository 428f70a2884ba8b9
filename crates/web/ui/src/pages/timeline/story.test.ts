import { describe, expect, it } from 'vitest';
import { progressOf, talkedOf, talkingSince, waitedOf, waitingSince } from '../../api/measures';
import type { Interaction, Line, LineOf, Recording } from '../../api/types';
import { Cursor } from './cursor';
import { labelOf, ladderOf, lookOf } from './ladder';
import { entryAt, keptOut, mainRecording, storyOf, ticks, wavBytes } from './story';
import { columnOf, leveled, peaksPath } from './waveform';

const T = 1_000_000;
const interaction = (more: Partial<Interaction> = {}): Interaction => ({
  id: 'IX-1',
  channel: 'voice',
  state: 'closed',
  outcome: 'handled',
  from: { number: '+31600000000' },
  to: '4001',
  origin: 'trunk:carrier',
  arrived_at: T,
  closed_at: T + 60_000,
  legs: [],
  recordings: [],
  ...more,
});
const why = { queue: 'support', rule: 'longest_idle', idle_ms: 1, candidates: 1, waited_ms: 0, position: 1, priority: 0, skills: [], passed_over: [] };
const sip = (at: number, leg: string, sent: boolean, summary: string, role?: LineOf<'sip'>['role']): LineOf<'sip'> => ({ at: T + at, kind: 'sip', leg, role, sent, transport: 'udp', remote: `127.0.0.1:${leg}`, summary, text: '' });

const call: Line[] = [
  sip(0, 'C', false, 'INVITE sip:4001@hotline.test', 'customer'),
  sip(1, 'C', true, '100 Trying (INVITE)', 'customer'),
  { at: T, seq: 1, kind: 'arrived', leg: 'C', from: { number: '+31600000000' }, to: '4001', origin: 'trunk:carrier' },
  { at: T + 4_000, seq: 2, kind: 'queued', queue: 'support', position: 1, why: { code: 'nobody_logged_in' } },
  { at: T + 5_000, seq: 3, kind: 'offered', agent: 'anna', leg: 'A', why },
  sip(5_001, 'A', true, 'INVITE sip:1001@127.0.0.1'),
  { at: T + 15_000, seq: 4, kind: 'not_taken', agent: 'anna', cause: 'no_answer' },
  { at: T + 15_000, seq: 5, kind: 'queued', queue: 'support', position: 1, why: null },
  { at: T + 16_000, seq: 6, kind: 'offered', agent: 'bert', leg: 'B', why },
  sip(16_001, 'B', true, 'INVITE sip:1002@127.0.0.1'),
  { at: T + 20_000, seq: 7, kind: 'connected', agent: 'bert', waited_ms: 16_000 },
  { at: T + 30_000, seq: 8, kind: 'held' },
  { at: T + 35_000, seq: 9, kind: 'resumed' },
  { at: T + 50_000, seq: 10, kind: 'leg_ended', leg: 'C', role: 'customer', cause: 'hung_up', quality: { received: 9, lost: 1, sent: 9, jitter_us: 100, mos: 4.1 } },
  { at: T + 50_000, seq: 11, kind: 'leg_ended', leg: 'B', role: 'agent', cause: 'released' },
  { at: T + 50_001, seq: 12, kind: 'agent_changed', agent: 'bert', from: 'talking', to: 'wrap_up', lasted_ms: 30_000 },
  { at: T + 60_000, seq: 13, kind: 'closed', outcome: 'handled' },
];

const told = storyOf({ interaction: interaction(), lines: call }, T + 999_999);
const lane = (party: string) => told.lanes.find((one) => one.party === party)?.segments.map((one) => `${one.phase} ${one.from - T}–${one.to === null ? '' : one.to - T}`);

describe('a recording', () => {
  const recording = (more: Partial<Recording> = {}): Recording => ({ id: 'RC-1', kind: 'call', started_at: T, length_ms: 9_000, bytes: 5, url: '', ...more });

  it('goes on, failed, or can be heard', () => {
    expect([recording({ length_ms: null, bytes: null }), recording({ length_ms: 0, bytes: 0 }), recording()].map(progressOf)).toEqual(['going', 'failed', 'done']);
    expect(progressOf(recording({ length_ms: 0, bytes: 44 }))).toBe('done');
  });

  it('that failed is not chosen before one that can be heard', () => {
    const all = [recording({ id: 'lost', length_ms: 0, bytes: 0 }), recording({ id: 'message', kind: 'message' })];
    expect(mainRecording(all)?.id).toBe('message');
    expect(mainRecording(all.slice(0, 1))?.id).toBe('lost');
  });
});

describe('a talk', () => {
  it('is known when it is over, and runs from its beginning until then', () => {
    const open = interaction({ state: 'on_hold', closed_at: null, queued_at: T, connected_at: T + 5, waited_ms: 5, talked_ms: 0 });
    expect([talkedOf(open), talkingSince(open), waitedOf(open), waitingSince(open)]).toEqual([null, T + 5, 5, null]);
    const over = { ...open, state: 'wrap_up' as const, ended_at: T + 9, talked_ms: 4 };
    expect([talkedOf(over), talkingSince(over)]).toEqual([4, null]);
    expect(waitingSince(interaction({ state: 'offered', queued_at: T, connected_at: null }))).toBe(T);
    expect(waitingSince(interaction({ state: 'closed', queued_at: T, connected_at: null }))).toBeNull();
  });
});

describe('a story', () => {
  it('spans from the arrival to the close', () => {
    expect([told.start, told.end, told.open]).toEqual([T, T + 60_000, false]);
  });

  it('has a lane for the caller, whose wait goes on while one agent does not answer', () => {
    expect(lane('customer')).toEqual(['flow 0–4000', 'wait 4000–20000', 'talk 20000–30000', 'hold 30000–35000', 'talk 35000–50000']);
  });

  it('has a lane for each agent who was asked', () => {
    expect(lane('anna')).toEqual(['ring 5000–15000']);
    expect(lane('bert')).toEqual(['ring 16000–20000', 'talk 20000–30000', 'hold 30000–35000', 'talk 35000–50000', 'wrap 50001–60000']);
  });

  it('of a wrong number has a lane for the caller, who was turned away in the same moment', () => {
    const lines: Line[] = [
      { at: T, seq: 1, kind: 'arrived', leg: 'C', from: { number: '155' }, to: '4999', origin: 'trunk:carrier' },
      { at: T, seq: 2, kind: 'trouble', what: 'no dialplan has the entry tel:4999' },
      { at: T, seq: 3, kind: 'leg_ended', leg: 'C', role: 'customer', cause: 'released' },
      { at: T, seq: 4, kind: 'closed', outcome: 'refused' },
    ];
    const refused = storyOf({ interaction: interaction({ outcome: 'refused', closed_at: T }), lines }, T);
    expect(refused.lanes).toEqual([{ party: 'customer', segments: [{ phase: 'refused', from: T, to: T }] }]);
  });

  it('goes on to now while the interaction is open', () => {
    const open = storyOf({ interaction: interaction({ state: 'connected', closed_at: null, outcome: null }), lines: call.slice(0, 11) }, T + 25_000);
    expect([open.open, open.end]).toEqual([true, T + 25_000]);
    expect(open.lanes[0]?.segments.at(-1)).toEqual({ phase: 'talk', from: T + 20_000, to: null });
  });

  it('gives each line a name that it keeps when the story is read again', () => {
    const again = storyOf({ interaction: interaction(), lines: [...call, sip(50_002, 'C', false, 'BYE sip:4001@hotline.test')] }, T);
    const before = new Set(told.entries.map((entry) => entry.key));
    expect(before.size).toBe(call.length);
    expect(again.entries.filter((entry) => !before.has(entry.key))).toHaveLength(1);
  });

  it('survives an interaction of which no line was kept', () => {
    const empty = storyOf({ interaction: interaction({ closed_at: T }), lines: [] }, T);
    expect([empty.lanes, empty.end - empty.start]).toEqual([[], 1_000]);
  });

  it('finds the entry at a moment', () => {
    const shown = told.entries.filter((entry) => entry.kind === 'routing');
    expect(entryAt(shown, T + 17_000)?.line.kind).toBe('offered');
    expect(entryAt(shown, T - 5)?.line.kind).toBe('arrived');
    expect(entryAt([], T)).toBeUndefined();
  });
});

describe('the time axis', () => {
  it('has at most nine round marks, whatever the length', () => {
    for (const length of [1_000, 9_000, 48_000, 61_000, 600_000, 3_600_000, 40_000_000]) {
      const marks = ticks(length);
      expect(marks.length).toBeGreaterThanOrEqual(2);
      expect(marks.length).toBeLessThanOrEqual(9);
    }
    expect(ticks(48_000)).toEqual([0, 10_000, 20_000, 30_000, 40_000]);
  });
});

describe('the ladder', () => {
  const ladder = ladderOf(told.entries, told.agentOfLeg);

  it('has the caller on the left, us in the middle, each agent on the right', () => {
    expect(ladder.columns.map((column) => [column.role, column.agent])).toEqual([
      ['customer', undefined],
      ['us', undefined],
      ['agent', 'anna'],
      ['agent', 'bert'],
    ]);
  });

  it('draws an arrow from who sent to who received', () => {
    expect(ladder.rungs.flatMap((rung) => (rung.kind === 'message' ? [[labelOf(rung.line.summary), rung.from, rung.to]] : []))).toEqual([
      ['INVITE', 0, 1],
      ['100 Trying', 1, 0],
      ['INVITE', 1, 2],
      ['INVITE', 1, 3],
    ]);
  });

  it('notes where time passes', () => {
    expect(ladder.rungs.flatMap((rung) => (rung.kind === 'pause' ? [rung.ms] : []))).toEqual([5_000, 11_000]);
  });

  it('tells requests, provisional answers, success and failure apart', () => {
    expect(['BYE sip:x', '180 Ringing (INVITE)', '200 OK (BYE)', '487 Request Terminated (INVITE)', '302 Moved'].map(lookOf)).toEqual(['request', 'provisional', 'success', 'failure', 'failure']);
    expect(['OPTIONS sip:x', '486 Busy Here (INVITE)', '200 (BYE)'].map(labelOf)).toEqual(['OPTIONS', '486 Busy Here', '200']);
  });

  it('is empty without messages, but for us', () => {
    expect(ladderOf([], new Map())).toEqual({ columns: [{ id: 'us', role: 'us' }], rungs: [] });
  });
});

describe('the cursor', () => {
  const shown = told.entries.filter((entry) => entry.kind !== 'sip');

  it('steps from entry to entry and stops at the ends', () => {
    const cursor = new Cursor(T);
    cursor.know(shown);
    cursor.step(shown, 1);
    expect(cursor.entry()).toBe(shown[0]?.key);
    cursor.step(shown, -1);
    expect(cursor.entry()).toBe(shown[0]?.key);
    for (let n = 0; n < 50; n++) cursor.step(shown, 1);
    expect(cursor.entry()).toBe(shown.at(-1)?.key);
  });

  it('tells the sound when a person moves it, but not when the sound itself does', () => {
    const cursor = new Cursor(T);
    cursor.know(shown);
    const heard: number[] = [];
    cursor.onMoved = (at) => void heard.push(at - T);
    cursor.seek(T + 17_000);
    cursor.play(T + 18_000);
    expect([heard, cursor.at - T]).toEqual([[17_000], 18_000]);
  });

  it('opens what a person chooses, and nothing because sound plays', () => {
    const cursor = new Cursor(T);
    cursor.know(shown);
    cursor.play(T + 17_000);
    cursor.seek(T + 18_000);
    expect([cursor.entry() !== undefined, cursor.opened()]).toEqual([true, undefined]);
    cursor.step(shown, 1);
    expect(cursor.opened()).toBe(cursor.entry());
    cursor.play(T + 50_500);
    expect(cursor.opened()).toBe(cursor.entry());
    cursor.clear();
    cursor.play(T + 50_600);
    expect([cursor.entry() !== undefined, cursor.opened()]).toEqual([true, undefined]);
  });

  it('draws lists again only when it stands on another entry', () => {
    const cursor = new Cursor(T);
    cursor.know(shown);
    let [drawn, moved] = [0, -1];
    cursor.listen(() => (drawn += 1));
    cursor.follow(() => (moved += 1));
    for (let at = 20_100; at < 21_000; at += 16) cursor.play(T + at);
    expect([drawn, moved]).toEqual([1, 57]);
  });
});

describe('sound', () => {
  it('is outlined by what the server reckoned', () => {
    expect(peaksPath('/api/v1/interactions/IX-1/recording?recording=RC-1')).toBe('/interactions/IX-1/recording/peaks?recording=RC-1&points=900');
    expect(peaksPath('/api/v1/interactions/IX-1/recording')).toBe('/interactions/IX-1/recording/peaks?points=900');
    // Fewer values than columns: each is drawn as wide as it lasts.
    const side = Float32Array.from([0.1, 0.2, 0.4]);
    expect([0, 0.32, 0.34, 0.99, 1].map((part) => Math.round(columnOf(side, part) * 10))).toEqual([1, 1, 2, 4, 4]);
    expect(columnOf(new Float32Array(), 0.5)).toBe(0);
  });

  it('fills the height by its loudest side, and leaves silence flat', () => {
    expect(leveled([Float32Array.from([0.25, 0.5]), Float32Array.from([0.125, 0])]).map((side) => [...side])).toEqual([[0.5, 1], [0.25, 0]]);
    expect(leveled([Float32Array.from([0.001])])[0]?.[0]).toBeLessThan(0.1);
  });

  it('that is heard first is the call, then the longest', () => {
    const one = (id: string, kind: 'call' | 'message', length_ms: number) => ({ id, kind, length_ms, started_at: T, url: '' });
    expect(mainRecording([one('m', 'message', 99), one('a', 'call', 5), one('b', 'call', 7)])?.id).toBe('b');
    expect(mainRecording([])).toBeUndefined();
  });
});

describe('what was kept out of a recording', () => {
  const changed = (at: number, state: LineOf<'recording_changed'>['state'], recording = 'RC-1'): Line => ({ at: T + at, seq: at, kind: 'recording_changed', recording, state, by: 'anna' });
  const entries = (lines: Line[]) => storyOf({ interaction: interaction(), lines }, T + 99_999).entries;

  it('is from one change to the next, each named, and never behind its end', () => {
    const lines = [changed(1_000, 'paused'), changed(1_500, 'paused', 'RC-2'), changed(3_000, 'customer_masked'), changed(4_000, 'running'), changed(9_000, 'paused'), changed(99_000, 'running')];
    expect(keptOut(entries(lines), 'RC-1', T + 10_000)).toEqual([
      { from: T + 1_000, to: T + 3_000, state: 'paused' },
      { from: T + 3_000, to: T + 4_000, state: 'customer_masked' },
      { from: T + 9_000, to: T + 10_000, state: 'paused' },
    ]);
    expect(keptOut(entries([]), 'RC-1', T + 10_000)).toEqual([]);
  });
});

describe('the size of a recording as WAV', () => {
  it('is that of what is downloaded, also where a smaller file is kept', () => {
    const kept: Recording = { id: 'RC-1', kind: 'call', started_at: T, length_ms: 60_000, bytes: 180_000, url: '' };
    expect(wavBytes(kept)).toBe(44 + 60 * 8_000 * 4);
    expect(wavBytes({ ...kept, kind: 'message' })).toBe(44 + 60 * 8_000 * 2);
    expect(wavBytes(undefined)).toBeNull();
  });
});
