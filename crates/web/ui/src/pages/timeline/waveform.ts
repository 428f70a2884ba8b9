/** The outline of a recording, computed in the page: the loudest sample per column and side. */

/** Longer recordings, or larger files, are shown as a plain bar: decoding them would cost too much memory. */
export const LENGTH_MAX_MS = 30 * 60_000;
export const BYTES_MAX = 64_000_000;
/** Speech needs no more, and half the rate is half the memory. */
const RATE = 8_000;
export const COLUMNS = 900;

export interface Outline {
  /** One list per side; a recording of one side has one. Values from 0 to 1. */
  sides: Float32Array[];
}

/** The loudest sample in each of `columns` equal parts. */
export function peaks(samples: Float32Array, columns: number): Float32Array {
  const out = new Float32Array(columns);
  const step = samples.length / columns;
  for (let column = 0; column < columns; column++) {
    let most = 0;
    const end = Math.min(samples.length, Math.floor((column + 1) * step));
    for (let at = Math.floor(column * step); at < end; at++) {
      const loud = Math.abs(samples[at] ?? 0);
      if (loud > most) most = loud;
    }
    out[column] = most;
  }
  return out;
}

/** Makes the loudest part fill the height, unless all is silence. */
export function leveled(sides: readonly Float32Array[]): Float32Array[] {
  const most = Math.max(0.02, ...sides.flatMap((side) => [...side]));
  return sides.map((side) => side.map((value) => value / most));
}

export async function outlineOf(url: string, signal: AbortSignal): Promise<Outline> {
  const response = await fetch(url, { credentials: 'same-origin', signal });
  if (!response.ok) throw new Error(`the recording answered ${response.status}`);
  const sound = await new OfflineAudioContext(2, RATE, RATE).decodeAudioData(await response.arrayBuffer());
  const sides = Array.from({ length: Math.min(2, sound.numberOfChannels) }, (_, side) => peaks(sound.getChannelData(side), COLUMNS));
  return { sides: leveled(sides) };
}
