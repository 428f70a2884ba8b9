import { useEffect, useRef, useState } from 'react';

/** How long the first press of what cannot be taken back waits for the second one. */
const TWICE_MS = 2_000;

/** Something that takes two presses: whether the first one was made, a press, and what forgets the first one. */
export function useTwice(run: () => void): { armed: boolean; press: () => void; forget: () => void } {
  const [armed, setArmed] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const forget = () => {
    clearTimeout(timer.current);
    setArmed(false);
  };
  const press = () => {
    forget();
    if (armed) return run();
    setArmed(true);
    timer.current = setTimeout(() => setArmed(false), TWICE_MS);
  };
  return { armed, press, forget };
}
