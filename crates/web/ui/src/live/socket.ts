/** The one live connection: opened when somebody is logged in, opened again when it is lost, watched for silence. */
import type { LiveMessage } from '../api/types';
import { apply, heard, useLive } from './live';

/** The server speaks at least every five seconds; twice that and a bit means the line is dead. */
const SILENCE_MS = 11_000;
const WAITS_MS = [300, 1_000, 2_000, 4_000, 8_000] as const;

let socket: WebSocket | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let watch: ReturnType<typeof setInterval> | undefined;
let failures = 0;
let wanted = false;

function lost(): void {
  if (!wanted) return;
  const known = useLive.getState().known;
  useLive.setState({ connection: known ? 'stale' : 'connecting' });
  const base = WAITS_MS[Math.min(failures, WAITS_MS.length - 1)] ?? 8_000;
  failures += 1;
  clearTimeout(retry);
  // A little chance keeps a hundred desks from knocking at the same moment after a restart.
  retry = setTimeout(open, base * (0.75 + Math.random() / 2));
}

function drop(): void {
  const old = socket;
  socket = undefined;
  if (!old) return;
  old.onmessage = old.onclose = old.onopen = old.onerror = null;
  old.close();
}

function open(): void {
  clearTimeout(retry);
  if (!wanted) return;
  drop();
  const next = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/live`);
  socket = next;
  let opened = false;
  const born = Date.now();
  next.addEventListener('open', () => (opened = true));
  next.onmessage = (event: MessageEvent<string>) => {
    let message: LiveMessage;
    try {
      message = JSON.parse(event.data) as LiveMessage;
    } catch {
      return;
    }
    failures = 0;
    apply(message);
  };
  next.onclose = (event) => {
    if (socket !== next) return;
    socket = undefined;
    // 4401 and 4403 are the server's own words for "not you"; trying again would not help.
    if (event.code === 4401 || event.code === 4403 || event.code === 1008) {
      useLive.setState({ connection: 'refused' });
      return;
    }
    // A handshake that is turned down looks like any other failure here; the session is asked about by whoever draws.
    if (!opened && failures >= 1) onTurnedDown?.(Date.now() - born);
    lost();
  };
}

let onTurnedDown: ((afterMs: number) => void) | undefined;

/** Names whoever wants to know that the server took no connection, to ask it why. */
export function whenTurnedDown(listener: typeof onTurnedDown): void {
  onTurnedDown = listener;
}

export function connect(): void {
  if (wanted) return;
  wanted = true;
  failures = 0;
  useLive.setState({ connection: 'connecting' });
  open();
  watch = setInterval(() => {
    if (socket?.readyState === WebSocket.OPEN && heard() > 0 && Date.now() - heard() > SILENCE_MS) {
      drop();
      lost();
    }
  }, 1_000);
  addEventListener('online', again);
  document.addEventListener('visibilitychange', onVisible);
}

export function disconnect(): void {
  wanted = false;
  clearTimeout(retry);
  clearInterval(watch);
  removeEventListener('online', again);
  document.removeEventListener('visibilitychange', onVisible);
  drop();
}

/** Tries at once instead of waiting. */
export function again(): void {
  if (!wanted || socket?.readyState === WebSocket.OPEN) return;
  failures = 0;
  open();
}

function onVisible(): void {
  // After sleep the timer above comes late; look at once.
  if (document.visibilityState === 'visible' && Date.now() - heard() > SILENCE_MS) {
    drop();
    lost();
    again();
  }
}
