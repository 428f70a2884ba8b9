/** Whether somebody is at a list just now, so that its order must not change under the pointer or the focus. */
import { useEffect, useMemo, useRef } from 'react';

/** A pointer or a focus that rests longer than this does not hold the order any more: the board would grow old. */
const REST_MS = 12_000;

export function useHold(hold: (held: boolean) => void) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useMemo(() => {
    const keep = () => {
      hold(true);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => hold(false), REST_MS);
    };
    const free = () => {
      clearTimeout(timer.current);
      hold(false);
    };
    return { onPointerMove: keep, onPointerDown: keep, onPointerLeave: free, onKeyDown: keep, onFocus: keep, onBlur: free };
  }, [hold]);
}
