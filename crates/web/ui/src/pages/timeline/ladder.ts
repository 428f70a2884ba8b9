/** SIP messages as a ladder: a column per party, a row per message, a note where time passes. Pure. */
import type { LegRole, LineOf } from '../../api/types';
import type { Entry } from './story';

export interface Column {
  /** `us`, or the leg. */
  id: string;
  role: LegRole | 'us';
  /** The agent a leg was dialled to. */
  agent?: string;
  remote?: string;
}

export type Rung =
  | { kind: 'message'; key: string; at: number; from: number; to: number; line: LineOf<'sip'>; look: Look }
  | { kind: 'pause'; key: string; ms: number };

export type Look = 'request' | 'provisional' | 'success' | 'failure';

export interface Ladder {
  columns: Column[];
  rungs: Rung[];
}

/** A pause worth a note. */
export const PAUSE_MS = 1_000;

/** What a message is, from its first line. */
export function lookOf(summary: string): Look {
  const status = /^(\d{3})\b/.exec(summary)?.[1];
  if (!status) return 'request';
  if (status < '200') return 'provisional';
  return status < '300' ? 'success' : 'failure';
}

/** The word on the arrow: the method, or the status with its reason. */
export function labelOf(summary: string): string {
  const response = /^(\d{3})\s*(.*?)(?:\s*\(\w+\))?$/.exec(summary);
  if (response) return [response[1], response[2]].filter(Boolean).join(' ');
  return summary.split(' ')[0] ?? summary;
}

export function ladderOf(entries: readonly Entry[], agentOfLeg: ReadonlyMap<string, string>): Ladder {
  const legs = new Map<string, Column>();
  for (const { line } of entries) {
    if (line.kind !== 'sip' || legs.has(line.leg)) continue;
    const agent = agentOfLeg.get(line.leg);
    const role: LegRole = line.role ?? (agent ? 'agent' : legs.size === 0 ? 'customer' : 'outside');
    legs.set(line.leg, { id: line.leg, role, remote: line.remote, ...(agent ? { agent } : {}) });
  }
  const all = [...legs.values()];
  const left = all.filter((column) => column.role === 'customer');
  const right = all.filter((column) => column.role !== 'customer');
  const columns: Column[] = [...left, { id: 'us', role: 'us' }, ...right];
  const placeOf = new Map(columns.map((column, index) => [column.id, index]));
  const us = left.length;

  const rungs: Rung[] = [];
  let before: number | undefined;
  for (const { key, line } of entries) {
    if (line.kind !== 'sip') continue;
    if (before !== undefined && line.at - before >= PAUSE_MS) rungs.push({ kind: 'pause', key: `pause ${key}`, ms: line.at - before });
    before = line.at;
    const party = placeOf.get(line.leg) ?? us;
    rungs.push({ kind: 'message', key, at: line.at, from: line.sent ? us : party, to: line.sent ? party : us, line, look: lookOf(line.summary) });
  }
  return { columns, rungs };
}
