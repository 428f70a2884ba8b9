/** Named periods as times. A day begins at midnight of the center's zone, because the center counts its days so. */
import type { Period } from '../../app/router';
import { midnight } from '../../text/format';

const MINUTE_MS = 60_000;

export interface Span {
  from?: number;
  to?: number;
}

export function spanOf(period: Period, now: number, range: Span): Span {
  // Whole minutes, so that the same question asked twice is the same question.
  const minute = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  switch (period) {
    case 'hour':
      return { from: minute - 60 * MINUTE_MS };
    case 'today':
      return { from: midnight(now) };
    case 'yesterday':
      return { from: midnight(now, 1), to: midnight(now) };
    case 'week':
      return { from: midnight(now, 6) };
    case 'month':
      return { from: midnight(now, 29) };
    case 'all':
      return {};
    case 'range':
      return range;
  }
}
