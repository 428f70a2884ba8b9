/** Clocks are text nodes that one timer writes, without React. */
import { serverNow } from './live';

type Tick = (now: number) => void;

const ticks = new Set<Tick>();
let timer: ReturnType<typeof setTimeout> | undefined;

function run(): void {
  const now = serverNow();
  for (const tick of ticks) tick(now);
  // All clocks turn together, just after the server's full second.
  timer = setTimeout(run, 1_000 - (serverNow() % 1_000) + 5);
}

/** Calls `tick` at once and then every second with the server's time. */
export function everySecond(tick: Tick): () => void {
  ticks.add(tick);
  tick(serverNow());
  if (timer === undefined) timer = setTimeout(run, 1_000 - (serverNow() % 1_000) + 5);
  return () => {
    ticks.delete(tick);
    if (ticks.size === 0) {
      clearTimeout(timer);
      timer = undefined;
    }
  };
}
