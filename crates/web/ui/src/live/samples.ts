/** What the board's figures were since the page was loaded, for the small lines beside them. */

/** How often a sample is taken. */
export const SAMPLE_EVERY_MS = 5_000;
/** Ten minutes of samples; the oldest goes when one more comes. */
export const SAMPLES_MAX = 120;

/** Until so many samples there are, the line does not fill its width. */
const YOUNG = 25;

/** A ring of numbers; `null` is a moment at which the number was unknown. */
export class Samples {
  private readonly kept: (number | null)[] = [];

  add(value: number | null): void {
    this.kept.push(value);
    if (this.kept.length > SAMPLES_MAX) this.kept.shift();
  }

  values(): readonly (number | null)[] {
    return this.kept;
  }
}

/**
 * The line through samples as an SVG path in a box of the given size; empty with fewer than two known numbers. A gap of
 * unknown numbers breaks the line. The scale covers at least `least` units, so that noise does not look like news.
 */
export function sparkline(values: readonly (number | null)[], width: number, height: number, least: number): string {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return '';
  let [low, high] = [Math.min(...known), Math.max(...known)];
  if (high - low < least) {
    const middle = (high + low) / 2;
    [low, high] = [middle - least / 2, middle + least / 2];
  }
  // A young line grows from the right at its final pace, instead of stretching two samples over the whole width.
  const slots = Math.max(values.length, YOUNG);
  const step = width / (slots - 1);
  const first = slots - values.length;
  let path = '';
  let pen = 'M';
  values.forEach((value, index) => {
    if (value === null) {
      pen = 'M';
      return;
    }
    const y = height - 1 - ((value - low) / (high - low)) * (height - 2);
    path += `${pen}${((first + index) * step).toFixed(1)} ${y.toFixed(1)}`;
    pen = 'L';
  });
  return path;
}
