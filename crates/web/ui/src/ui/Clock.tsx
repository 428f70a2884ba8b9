/** Text that changes with the server's time, written without React. */
import { useEffect, useRef } from 'react';
import { everySecond } from '../live/clock';
import { serverNow } from '../live/live';
import { duration, UNKNOWN } from '../text/format';

interface Props {
  /** Counts up from here. */
  since?: number | null | undefined;
  /** Counts down to here, then up as over. */
  until?: number | null | undefined;
  className?: string | undefined;
}

export const clockText = (since: number | null | undefined, until: number | null | undefined, now: number): string => {
  if (until) return until >= now ? duration(until - now + 999) : `+${duration(now - until)}`;
  return since ? duration(now - since) : UNKNOWN;
};

/** A time that is known once it is over, and runs until then. */
export const Measured = ({ ms, since }: { ms: number | null; since: number | null }) => (ms === null && since !== null ? <Clock since={since} /> : duration(ms));

export function Clock({ since, until, className }: Props) {
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const node = place.current;
    if (!node) return undefined;
    return everySecond((now) => {
      const text = clockText(since, until, now);
      if (node.textContent !== text) node.textContent = text;
    });
  }, [since, until]);
  return (
    <span ref={place} className={className}>
      {clockText(since, until, serverNow())}
    </span>
  );
}
