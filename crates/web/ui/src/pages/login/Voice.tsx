/** A voice along the foot of the page: the mark of the product, drawn out. It says nothing and stands still. */
import css from './login.module.css';

const BARS = 120;
const [WIDTH, HEIGHT] = [1200, 160];

/** A height from 0 to 1 that looks like speech: slow swells with quick syllables in them. */
const loudness = (bar: number): number => {
  const swell = 0.5 + 0.5 * Math.sin(bar * 0.21) * Math.cos(bar * 0.047 + 1);
  const syllable = 0.45 + 0.55 * Math.abs(Math.sin(bar * 1.7) * Math.cos(bar * 0.6));
  return Math.max(0.06, swell * syllable);
};

const PATH = Array.from({ length: BARS }, (_, bar) => {
  const x = ((bar + 0.5) / BARS) * WIDTH;
  const half = (loudness(bar) * HEIGHT) / 2;
  return `M${x.toFixed(1)} ${(HEIGHT / 2 - half).toFixed(1)}v${(half * 2).toFixed(1)}`;
}).join('');

export function Voice() {
  return (
    <svg className={css.voice} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <path d={PATH} />
    </svg>
  );
}
