/** What is live: the tables, the server's clock, and whether the connection holds. */
import { create } from 'zustand';
import type { AgentView, AlertView, InteractionView, LiveMessage, QueueView, TrunkView } from '../api/types';
import { Table } from './table';

/**
 * `off` before the first try, `connecting` until the first snapshot, `live`, `stale` when the connection was lost: what is
 * shown stays.
 */
export type Connection = 'off' | 'connecting' | 'live' | 'stale';

export const agents = new Table<AgentView>();
export const queues = new Table<QueueView>();
export const interactions = new Table<InteractionView>();
export const trunks = new Table<TrunkView>();
/** Told at once, because a hidden page has no frames and an alert must be heard there too. */
export const alerts = new Table<AlertView>((run) => queueMicrotask(run));

interface LiveState {
  connection: Connection;
  /** Whether a snapshot has ever come. */
  known: boolean;
  /** Snapshots seen; a second one means that the connection was lost in between. */
  snapshots: number;
}

export const useLive = create<LiveState>(() => ({ connection: 'off', known: false, snapshots: 0 }));

/** When the last message came, by this machine's own clock. */
let heardAt = 0;
/** Server time minus this machine's time, from the message that was quickest to come. */
let offset = Number.NEGATIVE_INFINITY;

export const heard = (): number => heardAt;

/** The server's time now. */
export const serverNow = (): number => Date.now() + (Number.isFinite(offset) ? offset : 0);

/** Learns from a time stamp of the server. */
export function learnTime(at: number, now: number = Date.now()): void {
  const seen = at - now;
  // A late message makes the server look behind, never ahead, so the largest difference is the truest. A small decay
  // follows a clock that was set back.
  offset = Math.max(seen, Number.isFinite(offset) ? offset - 2 : seen);
}

/** Forgets what was learned about the server's time; another server may follow. */
export function forgetTime(): void {
  offset = Number.NEGATIVE_INFINITY;
}

export function apply(message: LiveMessage, now: number = Date.now()): void {
  heardAt = now;
  learnTime(message.at, now);
  if (message.type === 'snapshot') {
    agents.replace(message.agents);
    queues.replace(message.queues);
    interactions.replace(message.interactions);
    trunks.replace(message.trunks);
    alerts.replace(message.alerts);
    useLive.setState((state) => ({ connection: 'live', known: true, snapshots: state.snapshots + 1 }));
    return;
  }
  if (message.type === 'delta') {
    for (const row of message.agents ?? []) agents.put(row);
    for (const row of message.queues ?? []) queues.put(row);
    for (const row of message.interactions ?? []) {
      if (row.state === 'closed') interactions.remove(row.id);
      else interactions.put(row);
    }
    for (const row of message.trunks ?? []) trunks.put(row);
    for (const row of message.alerts ?? []) alerts.put(row);
    for (const id of message.gone?.agents ?? []) agents.remove(id);
    for (const id of message.gone?.queues ?? []) queues.remove(id);
    for (const { id } of message.gone?.interactions ?? []) interactions.remove(id);
    for (const id of message.gone?.trunks ?? []) trunks.remove(id);
    for (const id of message.gone?.alerts ?? []) alerts.remove(id);
  }
}

/** Empties everything, when somebody logs out. */
export function forget(): void {
  agents.replace([]);
  queues.replace([]);
  interactions.replace([]);
  trunks.replace([]);
  alerts.replace([]);
  forgetTime();
  useLive.setState({ connection: 'off', known: false, snapshots: 0 });
}
