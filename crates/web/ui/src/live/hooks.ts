/** How components see the live tables. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useLive } from './live';
import type { Table } from './table';

/** One row; draws again only when this row changed. */
export function useRow<T extends { id: string }>(table: Table<T>, id: string | null | undefined): T | undefined {
  const subscribe = useCallback((listener: () => void) => (id ? table.listenRow(id, listener) : () => {}), [table, id]);
  return useSyncExternalStore(subscribe, () => (id ? table.rows.get(id) : undefined));
}

/** How often counts and sums over whole tables are drawn at most. */
const SUMS_EVERY_MS = 100;

/** Something computed from whole tables, drawn again at most ten times a second and only when it differs. */
export function useSum<R>(tables: readonly Pick<Table<{ id: string }>, 'listen'>[], compute: () => R): R {
  const latest = useRef(compute);
  latest.current = compute;
  const [value, setValue] = useState(compute);
  const text = useRef(JSON.stringify(value));
  const update = useCallback(() => {
    const next = latest.current();
    const nextText = JSON.stringify(next);
    if (nextText === text.current) return;
    text.current = nextText;
    setValue(next);
  }, []);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        update();
      }, SUMS_EVERY_MS);
    };
    const stops = tables.map((table) => table.listen(soon));
    update();
    return () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
    // The tables are module constants; the list of them is written anew at every call.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [update]);
  useEffect(update);
  return value;
}

/** How often rows may change places. */
const ORDER_EVERY_MS = 5_000;
/** How soon a row that came or went is shown. */
const ROWS_AFTER_MS = 60;

export interface Order<R> {
  value: R;
  /** Set while the pointer or the focus is inside: nothing changes places then. */
  hold: (held: boolean) => void;
}

/** Rows that came go to the end, rows that went fall out unless somebody is at the list; nothing changes places. */
export function keepPlaces(shown: readonly string[], next: readonly string[], held: boolean): string[] {
  const [now, before] = [new Set(next), new Set(shown)];
  return [...(held ? shown : shown.filter((id) => now.has(id))), ...next.filter((id) => !before.has(id))];
}

/**
 * An order over live rows that changes at most every five seconds, and not under the pointer or the focus. `key` names
 * what a person chose (a filter, a queue); when it changes, or a snapshot comes, the order is made anew at once. With
 * `between`, rows that come and go are shown at once without changing the places of the others.
 */
export function useOrder<R>(
  tables: readonly Pick<Table<{ id: string }>, 'listen'>[],
  key: string,
  compute: () => R,
  between?: (shown: R, next: R, held: boolean) => R,
): Order<R> {
  const snapshots = useLive((state) => state.snapshots);
  const latest = useRef({ compute, between });
  latest.current = { compute, between };
  const [value, setValue] = useState(compute);
  const shown = useRef(value);
  const held = useRef(false);
  const madeAt = useRef(0);
  const orderTimer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const rowsTimer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const show = useCallback((next: R) => {
    if (JSON.stringify(next) === JSON.stringify(shown.current)) return;
    shown.current = next;
    setValue(next);
  }, []);

  const make = useCallback(() => {
    clearTimeout(orderTimer.current);
    clearTimeout(rowsTimer.current);
    orderTimer.current = rowsTimer.current = undefined;
    madeAt.current = Date.now();
    show(latest.current.compute());
  }, [show]);

  const soon = useCallback(() => {
    if (!held.current) {
      orderTimer.current ??= setTimeout(make, Math.max(ROWS_AFTER_MS, madeAt.current + ORDER_EVERY_MS - Date.now()));
    }
    if (latest.current.between) {
      rowsTimer.current ??= setTimeout(() => {
        rowsTimer.current = undefined;
        const { compute: next, between: merge } = latest.current;
        if (merge) show(merge(shown.current, next(), held.current));
      }, ROWS_AFTER_MS);
    }
  }, [make, show]);

  useEffect(() => {
    const stops = tables.map((table) => table.listen(soon));
    return () => {
      clearTimeout(orderTimer.current);
      clearTimeout(rowsTimer.current);
      orderTimer.current = rowsTimer.current = undefined;
      for (const stop of stops) stop();
    };
    // The tables are module constants; the list of them is written anew at every call.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [soon]);
  useEffect(make, [make, key, snapshots]);

  const hold = useCallback(
    (now: boolean) => {
      held.current = now;
      if (now) {
        clearTimeout(orderTimer.current);
        orderTimer.current = undefined;
      } else {
        soon();
      }
    },
    [soon],
  );
  return { value, hold };
}
