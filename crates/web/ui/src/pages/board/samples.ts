/** The figures of the board since the page was loaded, per queue and for all, sampled every few seconds. */
import { agents, queues, useLive } from '../../live/live';
import { SAMPLE_EVERY_MS, Samples } from '../../live/samples';
import { serverNow } from '../../live/live';
import { figures } from './figures';

export const FIGURES = ['service', 'waiting', 'longest', 'abandoned', 'handle', 'occupancy'] as const;
export type FigureName = (typeof FIGURES)[number];

const ALL = '';
const kept = new Map<string, Record<FigureName, Samples>>();
const listeners = new Set<() => void>();
let taken = 0;
let timer: ReturnType<typeof setInterval> | undefined;

const ringOf = (scope: string): Record<FigureName, Samples> => {
  let ring = kept.get(scope);
  if (!ring) {
    ring = {
      service: new Samples(),
      waiting: new Samples(),
      longest: new Samples(),
      abandoned: new Samples(),
      handle: new Samples(),
      occupancy: new Samples(),
    };
    kept.set(scope, ring);
  }
  return ring;
};

function take(): void {
  if (!useLive.getState().known) return;
  // While the connection is lost the numbers are unknown, and the line has a gap.
  const live = useLive.getState().connection === 'live';
  const now = serverNow();
  for (const scope of [ALL, ...queues.rows.keys()]) {
    const chosen = scope === ALL ? [...queues.rows.values()] : [...queues.rows.values()].filter((queue) => queue.id === scope);
    const staff = scope === ALL ? [...agents.rows.values()] : [...agents.rows.values()].filter((agent) => agent.queues.includes(scope));
    const now6 = figures(chosen, staff);
    const ring = ringOf(scope);
    ring.service.add(live ? now6.serviceLevel : null);
    ring.waiting.add(live ? now6.waiting : null);
    ring.longest.add(live ? (now6.longestSince === null ? 0 : now - now6.longestSince) : null);
    ring.abandoned.add(live ? now6.abandoned : null);
    ring.handle.add(live ? now6.handleMs : null);
    ring.occupancy.add(live ? now6.occupancy : null);
  }
  taken += 1;
  for (const listener of listeners) listener();
}

/** Begins to take samples; goes on when the board is left, so that the lines have no holes. */
export function startSampling(): void {
  if (timer !== undefined) return;
  timer = setInterval(take, SAMPLE_EVERY_MS);
  // The first sample is taken as soon as there is something to see.
  const stop = useLive.subscribe((state) => {
    if (!state.known || taken > 0) return;
    stop();
    take();
  });
}

export function listenSamples(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** How many samples were taken; changes whenever there is something new to draw. */
export const samplesTaken = (): number => taken;

export const samplesOf = (scope: string | undefined, name: FigureName): readonly (number | null)[] =>
  kept.get(scope ?? ALL)?.[name].values() ?? [];
