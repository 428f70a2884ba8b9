/**
 * Alerts as a person sees them: those that are open, and for a moment those that somebody has taken notice of, so that
 * nothing moves under a hand that is on its way. One that is new rings, and puts a dot into the window's title.
 */
import { create } from 'zustand';
import { hasStatus } from '../api/client';
import { closeAlert } from '../api/queries';
import type { AlertView } from '../api/types';
import { alerts } from '../live/live';
import { ring } from './sound';
import { dotWindow } from './title';

/** `theirs` when somebody else was faster, or it was over by itself. */
export type Fate = 'open' | 'asking' | 'failed' | 'mine' | 'theirs';

export interface Entry {
  alert: AlertView;
  fate: Fate;
  /** When it became what it is, by this machine's clock. */
  since: number;
}

/** How long one that somebody has taken notice of keeps its place. */
export const LINGER_MS = 4_000;
/** How long an alert has to stand first before the key may mean it: nobody has read it sooner. */
export const STEADY_MS = 1_000;

export const isOver = (entry: Entry): boolean => entry.fate === 'mine' || entry.fate === 'theirs';

/** What is shown next: nothing changes places, new ones go to the end, those that went stay for a moment. */
export function merge(shown: readonly Entry[], open: Iterable<AlertView>, now: number): Entry[] {
  const rows = new Map([...open].map((alert) => [alert.id, alert]));
  const kept = shown
    .filter((entry) => !isOver(entry) || now - entry.since < LINGER_MS)
    .map((entry): Entry => {
      const row = rows.get(entry.alert.id);
      if (row) return { ...entry, alert: row };
      // While the server is asked, its answer tells who was faster.
      return isOver(entry) || entry.fate === 'asking' ? entry : { ...entry, fate: 'theirs', since: now };
    });
  const known = new Set(kept.map((entry) => entry.alert.id));
  const fresh = [...rows.values()]
    .filter((alert) => !known.has(alert.id))
    .toSorted((a, b) => a.at - b.at || a.id.localeCompare(b.id))
    .map((alert): Entry => ({ alert, fate: 'open', since: now }));
  return [...kept, ...fresh];
}

/** The alert that the badge names and the key means: the first that nobody has taken notice of, calls for help before all. */
export const firstOpen = (entries: readonly Entry[]): Entry | undefined => {
  const open = entries.filter((entry) => !isOver(entry));
  return open.find((entry) => entry.alert.kind === 'emergency') ?? open[0];
};

interface AlertState {
  entries: Entry[];
  /** Since when the first open one is the first. */
  firstSince: number;
}

export const useAlerts = create<AlertState>(() => ({ entries: [], firstSince: 0 }));

let later: ReturnType<typeof setTimeout> | undefined;

function show(entries: Entry[], now: number = Date.now()): void {
  const before = useAlerts.getState();
  const first = firstOpen(entries);
  useAlerts.setState({
    entries,
    firstSince: first?.alert.id === firstOpen(before.entries)?.alert.id ? before.firstSince : now,
  });
  dotWindow(first !== undefined);
  clearTimeout(later);
  const ends = entries.filter(isOver).map((entry) => entry.since + LINGER_MS);
  if (ends.length > 0) later = setTimeout(update, Math.max(0, Math.min(...ends) - now));
}

function update(): void {
  const now = Date.now();
  const before = new Set(useAlerts.getState().entries.map((entry) => entry.alert.id));
  const next = merge(useAlerts.getState().entries, alerts.rows.values(), now);
  show(next, now);
  const fresh = next.find((entry) => entry.fate === 'open' && !before.has(entry.alert.id));
  if (fresh) ring(fresh.alert.id);
}

function decide(id: string, fate: Fate): void {
  const now = Date.now();
  show(
    useAlerts.getState().entries.map((entry) => (entry.alert.id === id ? { ...entry, fate, since: now } : entry)),
    now,
  );
}

/** Follows the live alerts while somebody who handles them is logged in. */
export function watchAlerts(): () => void {
  const stop = alerts.listen(update);
  update();
  return () => {
    stop();
    show([]);
  };
}

/** Says that one has taken notice. */
export async function takeNotice(id: string): Promise<void> {
  decide(id, 'asking');
  try {
    await closeAlert(id);
    decide(id, 'mine');
  } catch (error) {
    if (!hasStatus(error, 404)) {
      decide(id, 'failed');
      return;
    }
    decide(id, 'theirs');
  }
  // The live connection says the same, unless it is lost just now.
  alerts.remove(id);
}

/** The key's way: only an alert that has stood first for a moment, and that nobody is at. */
export function noticeFirst(now: number = Date.now()): void {
  const { entries, firstSince } = useAlerts.getState();
  const first = firstOpen(entries);
  if (first && first.fate !== 'asking' && now - firstSince >= STEADY_MS) void takeNotice(first.alert.id);
}
