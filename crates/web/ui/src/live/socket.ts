/** The one live connection: opened when somebody is logged in, opened again when it is lost, watched for silence. */
import type { LiveMessage } from '../api/types';
import { apply, heard, useLive } from './live';

/** The server speaks at least every five seconds; twice that and a bit means the line is dead. */
const SILENCE_MS = 11_000;
const NOT_LOGGED_IN = 4401;
const WAITS_MS = [300, 1_000, 2_000, 4_000, 8_000] as const;

let socket: WebSocket | undefined;
/** Ends the listening to the present socket. */
let listening = new AbortController();
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
  listening.abort();
  socket?.close();
  socket = undefined;
}

function onMessage(event: MessageEvent<string>): void {
  let message: LiveMessage;
  try {
    message = JSON.parse(event.data) as LiveMessage;
  } catch {
    return;
  }
  failures = 0;
  apply(message);
}

function open(): void {
  clearTimeout(retry);
  if (!wanted) return;
  drop();
  const next = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/live`);
  socket = next;
  listening = new AbortController();
  const { signal } = listening;
  let opened = false;
  next.addEventListener('open', () => (opened = true), { signal });
  const onClose = (event: CloseEvent) => {
    socket = undefined;
    // A handshake that is turned down looks like any other failure here; 4401 is the server's word for a session that
    // has ended. Whoever draws asks about the session.
    if (event.code === NOT_LOGGED_IN || (!opened && failures >= 1)) onTurnedDown?.();
    lost();
  };
  next.addEventListener('message', onMessage, { signal });
  next.addEventListener('close', onClose, { signal });
}

let onTurnedDown: (() => void) | undefined;

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
