/** One interaction's lines as what the page draws: a span of time, lanes per party, lines with names. Pure. */
import { progressOf } from '../../api/measures';
import type { Line, LineOf, Recording, RecordingState, Timeline } from '../../api/types';

export type Phase = 'flow' | 'wait' | 'ring' | 'talk' | 'hold' | 'wrap' | 'outside' | 'refused';

export interface Segment {
  phase: Phase;
  from: number;
  /** The end; `null` while it lasts. */
  to: number | null;
}

export interface Lane {
  /** `customer`, or the agent's id. */
  party: string;
  segments: Segment[];
}

export type Kind = 'routing' | 'flow' | 'agents' | 'media' | 'sip';

export interface Entry {
  /** Stays the same when the story is read again. */
  key: string;
  line: Line;
  kind: Kind;
}

export interface Story {
  start: number;
  /** The end of what is known; grows while the interaction is open. */
  end: number;
  open: boolean;
  lanes: Lane[];
  entries: Entry[];
  /** Which agent a leg was dialled to. */
  agentOfLeg: ReadonlyMap<string, string>;
}

const KINDS: Record<Line['kind'], Kind> = {
  arrived: 'routing',
  answered: 'flow',
  step: 'flow',
  digit: 'flow',
  queued: 'routing',
  position_told: 'flow',
  offered: 'routing',
  not_taken: 'routing',
  connected: 'routing',
  held: 'agents',
  resumed: 'agents',
  dialed: 'routing',
  emergency_called: 'routing',
  one_way: 'media',
  way_restored: 'media',
  passed_on: 'routing',
  transferred: 'routing',
  leg_ended: 'media',
  recording_started: 'media',
  recording_stopped: 'media',
  recording_changed: 'media',
  recording_failed: 'media',
  conferring: 'flow',
  conference_muted: 'flow',
  left_conference: 'flow',
  monitor_rung: 'agents',
  monitored: 'agents',
  monitor_ended: 'agents',
  agent_changed: 'agents',
  trouble: 'routing',
  closed: 'routing',
  started: 'routing',
  sip: 'sip',
};

class LaneMaker {
  readonly segments: Segment[] = [];
  constructor(readonly party: string) {}

  begin(phase: Phase, at: number): void {
    this.end(at);
    this.segments.push({ phase, from: at, to: null });
  }

  end(at: number): void {
    const last = this.segments.at(-1);
    if (last && last.to === null) last.to = Math.max(at, last.from);
  }

  /** Puts one moment in the place of all there was. */
  become(phase: Phase, at: number): void {
    const from = this.segments[0]?.from;
    if (from === undefined) return;
    this.segments.splice(0, this.segments.length, { phase, from, to: Math.max(from, at) });
  }

  /** What runs just now. */
  get phase(): Phase | undefined {
    const last = this.segments.at(-1);
    return last && last.to === null ? last.phase : undefined;
  }
}

function lanesOf(lines: readonly Line[], agentOfLeg: Map<string, string>): Lane[] {
  const customer = new LaneMaker('customer');
  const agents = new Map<string, LaneMaker>();
  const laneOf = (agent: string): LaneMaker => {
    let lane = agents.get(agent);
    if (!lane) agents.set(agent, (lane = new LaneMaker(agent)));
    return lane;
  };
  let talking: string | undefined;
  for (const line of lines) {
    const { at } = line;
    switch (line.kind) {
      case 'arrived':
        customer.begin('flow', at);
        break;
      case 'step':
        // A flow may take the customer back after a talk or a wait.
        if (customer.phase !== 'flow') customer.begin('flow', at);
        break;
      case 'queued':
        if (customer.phase !== 'wait') customer.begin('wait', at);
        break;
      case 'offered':
        agentOfLeg.set(line.leg, line.agent);
        laneOf(line.agent).begin('ring', at);
        break;
      case 'not_taken':
        laneOf(line.agent).end(at);
        break;
      case 'connected':
        talking = line.agent;
        customer.begin('talk', at);
        laneOf(line.agent).begin('talk', at);
        break;
      case 'held':
        customer.begin('hold', at);
        if (talking) laneOf(talking).begin('hold', at);
        break;
      case 'resumed':
        customer.begin('talk', at);
        if (talking) laneOf(talking).begin('talk', at);
        break;
      case 'transferred':
        customer.begin('outside', at);
        break;
      case 'leg_ended': {
        if (line.role === 'customer') customer.end(at);
        const agent = agentOfLeg.get(line.leg);
        if (agent && laneOf(agent).phase !== 'wrap') laneOf(agent).end(at);
        break;
      }
      case 'agent_changed':
        if (line.to === 'wrap_up') laneOf(line.agent).begin('wrap', at);
        else if (line.from === 'wrap_up') laneOf(line.agent).end(at);
        break;
      case 'closed':
        customer.end(at);
        // Who was turned away at once was nowhere, and yet called.
        if (customer.segments.every((one) => one.to !== null && one.to <= one.from)) customer.become(line.outcome === 'refused' ? 'refused' : 'flow', at);
        for (const lane of agents.values()) lane.end(at);
        break;
      default:
        break;
    }
  }
  return [customer, ...agents.values()]
    .map(({ party, segments }) => ({ party, segments: segments.filter((one) => one.to === null || one.to > one.from || one.phase !== 'flow') }))
    .filter((lane) => lane.segments.length > 0);
}

/** The least length of the axis, so that a call that was turned away at once can still be drawn. */
const LEAST_MS = 1_000;

export function storyOf({ interaction, lines }: Timeline, now: number): Story {
  const sorted = lines.toSorted((a, b) => a.at - b.at);
  const open = interaction.state !== 'closed';
  const start = Math.min(interaction.arrived_at, sorted[0]?.at ?? interaction.arrived_at);
  const last = Math.max(interaction.closed_at ?? 0, sorted.at(-1)?.at ?? 0);
  const agentOfLeg = new Map<string, string>();
  const lanes = lanesOf(sorted, agentOfLeg);
  const seen = new Map<string, number>();
  const entries = sorted.map((line) => {
    const base = line.seq ? `${line.seq}` : `${line.kind}-${line.at}`;
    const times = seen.get(base) ?? 0;
    seen.set(base, times + 1);
    return { key: times === 0 ? base : `${base}-${times}`, line, kind: KINDS[line.kind] ?? 'routing' };
  });
  return { start, end: Math.max(start + LEAST_MS, last, open ? now : 0), open, lanes, entries, agentOfLeg };
}

/** The last entry at or before a moment; the first when there is none before. */
export function entryAt(entries: readonly Entry[], at: number): Entry | undefined {
  let found = entries[0];
  for (const entry of entries) {
    if (entry.line.at > at) break;
    found = entry;
  }
  return found;
}

/** Marks for an axis of this length: at most eight, at round times. */
export function ticks(length: number): number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200].map((s) => s * 1_000);
  const step = steps.find((one) => length / one <= 8) ?? 14_400_000;
  const marks: number[] = [];
  for (let at = 0; at <= length; at += step) marks.push(at);
  return marks;
}

/** The recording to be heard: one that did not fail, the talk before a message, the longest first. */
export function mainRecording(recordings: readonly Recording[]): Recording | undefined {
  return recordings.toSorted(
    (a, b) =>
      Number(progressOf(a) === 'failed') - Number(progressOf(b) === 'failed') ||
      Number(b.kind === 'call') - Number(a.kind === 'call') ||
      (b.length_ms ?? 0) - (a.length_ms ?? 0),
  )[0];
}

/** A time in which a recording keeps less than all: silence of both, or of one side. */
export interface KeptOut {
  from: number;
  to: number;
  state: Exclude<RecordingState, 'running'>;
}

/** What was kept out of a recording, from the lines that tell who paused it and let it go on; `end` is the recording's. */
export function keptOut(entries: readonly Entry[], recording: string, end: number): KeptOut[] {
  const spans: KeptOut[] = [];
  let open: Omit<KeptOut, 'to'> | undefined;
  const close = (to: number) => {
    if (open && to > open.from) spans.push({ ...open, to });
    open = undefined;
  };
  for (const { line } of entries) {
    if (line.kind !== 'recording_changed' || line.recording !== recording || line.at > end) continue;
    close(line.at);
    if (line.state !== 'running') open = { from: line.at, state: line.state };
  }
  close(end);
  return spans;
}

/** How large a recording is as WAV, whatever its file is: 8 kHz, 16 bits, both sides of a call beside each other. */
export const wavBytes = (recording: Recording | undefined): number | null =>
  recording?.length_ms == null ? null : 44 + recording.length_ms * 8 * 2 * (recording.kind === 'call' ? 2 : 1);

/** Quality per leg, from the lines that end them. */
export const qualities = (entries: readonly Entry[]): LineOf<'leg_ended'>[] =>
  entries.flatMap(({ line }) => (line.kind === 'leg_ended' && line.quality ? [line] : []));
