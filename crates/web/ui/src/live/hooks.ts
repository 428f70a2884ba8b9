/** How components see the live tables. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
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

export interface Order<R> {
  value: R;
  /** Set while the pointer or the focus is inside: nothing changes places then. */
  hold: (held: boolean) => void;
}

/**
 * An order over live rows that changes at most every five seconds, and not under the pointer or the focus. `key` names
 * what a person chose (a filter, a queue); when it changes, the order is made anew at once.
 */
export function useOrder<R>(tables: readonly Pick<Table<{ id: string }>, 'listen'>[], key: string, compute: () => R): Order<R> {
  const latest = useRef(compute);
  latest.current = compute;
  const [value, setValue] = useState(compute);
  const text = useRef('');
  const held = useRef(false);
  const madeAt = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const dirty = useRef(false);

  const make = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = undefined;
    dirty.current = false;
    madeAt.current = Date.now();
    const next = latest.current();
    const nextText = JSON.stringify(next);
    if (nextText === text.current) return;
    text.current = nextText;
    setValue(next);
  }, []);

  const soon = useCallback(() => {
    dirty.current = true;
    if (held.current || timer.current !== undefined) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      if (!held.current) make();
    }, Math.max(60, madeAt.current + ORDER_EVERY_MS - Date.now()));
  }, [make]);

  useEffect(() => {
    const stops = tables.map((table) => table.listen(soon));
    return () => {
      clearTimeout(timer.current);
      timer.current = undefined;
      for (const stop of stops) stop();
    };
    // oxlint-disable-next-line react/exhaustive-deps
  }, [soon]);
  useEffect(make, [make, key]);

  const hold = useCallback(
    (now: boolean) => {
      held.current = now;
      if (!now && dirty.current) soon();
    },
    [soon],
  );
  return { value, hold };
}
