/** The sound of an alert: three notes, made here, nothing is loaded. */
import { useSettings } from './settings';

const NOTES_HZ = [880, 660, 880] as const;
const NOTE_S = 0.22;
const LOUD = 0.2;
/** How long the browser may take to let sound out; later than that the notes would say nothing any more. */
const PATIENCE_MS = 400;
/** How long one tab keeps the others silent. */
const ALONE_MS = 3_000;

let context: AudioContext | undefined;

const wait = (ms: number): Promise<void> => new Promise((done) => void setTimeout(done, ms));

/** Plays the notes once, if the browser lets a page that nobody has touched yet do so. */
export async function play(): Promise<void> {
  if (navigator.userActivation?.hasBeenActive === false) return;
  context ??= new AudioContext();
  void context.resume();
  if (context.state !== 'running') await wait(PATIENCE_MS);
  if (context.state !== 'running') return;
  const begin = context.currentTime + 0.02;
  NOTES_HZ.forEach((pitch, index) => {
    if (!context) return;
    const [at, note, volume] = [begin + index * NOTE_S, context.createOscillator(), context.createGain()];
    note.frequency.value = pitch;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(LOUD, at + 0.02);
    volume.gain.linearRampToValueAtTime(0, at + NOTE_S);
    note.connect(volume).connect(context.destination);
    note.start(at);
    note.stop(at + NOTE_S);
  });
}

/** Rings for one thing, in one tab of all that are open. */
export function ring(what: string): void {
  if (!useSettings.getState().sounds) return;
  // Without HTTPS there are no locks, and every tab rings.
  if (!navigator.locks) {
    void play();
    return;
  }
  void navigator.locks.request(`hotline.ring.${what}`, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    await play();
    await wait(ALONE_MS);
  });
}
