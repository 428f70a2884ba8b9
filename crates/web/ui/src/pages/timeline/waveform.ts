/** The outline of a recording: the server reckoned it when it finished the file, so an hour costs no more than a minute. */
import { request } from '../../api/client';

export const COLUMNS = 900;

/** The loudest sample, 0 to 255, in each of equally long parts; the customer's side first. */
export interface Peaks {
  recording: string;
  length_ms: number;
  sides: number[][];
}

export interface Outline {
  /** One list per side; a recording of one side has one. Values from 0 to 1. */
  sides: Float32Array[];
}

/** Makes the loudest part fill the height, unless all is silence. */
export function leveled(sides: readonly Float32Array[]): Float32Array[] {
  let most = 0.02;
  for (const side of sides) for (const value of side) most = Math.max(most, value);
  return sides.map((side) => side.map((value) => value / most));
}

/** The value to be drawn in a column; short recordings have fewer values than columns. */
export const columnOf = (side: Float32Array, part: number): number => side[Math.min(side.length - 1, Math.floor(part * side.length))] ?? 0;

/** Where the outline of the recording at `url` is told. */
export function peaksPath(url: string): string {
  const [path, query] = url.split('?');
  return `${path?.replace(/^\/api\/v1/, '')}/peaks?${query ? `${query}&` : ''}points=${COLUMNS}`;
}

export async function outlineOf(url: string, signal: AbortSignal): Promise<Outline> {
  const peaks = await request<Peaks>('GET', peaksPath(url), undefined, signal);
  return { sides: leveled(peaks.sides.map((side) => Float32Array.from(side, (value) => value / 255))) };
}
