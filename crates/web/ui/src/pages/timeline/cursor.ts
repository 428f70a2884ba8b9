/**
 * The one cursor that joins lanes, events, ladder and sound: a moment and the entry it stands on.
 *
 * The moment changes with every frame while sound plays, so who follows it writes to the page without React; the entry
 * changes seldom and is drawn by React.
 */
import { createContext, useContext, useSyncExternalStore } from 'react';
import { entryAt, type Entry } from './story';

type Follower = (at: number) => void;

export class Cursor {
  /** The moment, in server time. */
  at: number;
  private chosen: string | undefined;
  /** Whether a person opened an entry; sound that plays opens nothing, it only marks where it is. */
  private open = false;
  private entries: readonly Entry[] = [];
  private readonly followers = new Set<Follower>();
  private readonly listeners = new Set<() => void>();
  /** Told when a person moves the cursor, so that the sound follows. */
  onMoved: Follower | undefined;

  constructor(at: number) {
    this.at = at;
  }

  follow = (follower: Follower): (() => void) => {
    this.followers.add(follower);
    follower(this.at);
    return () => this.followers.delete(follower);
  };

  listen = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  entry = (): string | undefined => this.chosen;

  /** The entry to be shown whole. */
  opened = (): string | undefined => (this.open ? this.chosen : undefined);

  /** The entries the cursor may stand on, in order of time. */
  know(entries: readonly Entry[]): void {
    this.entries = entries;
  }

  /** A person chose this entry. */
  choose(entry: Entry): void {
    this.moveTo(entry.line.at, entry.key, true);
    this.onMoved?.(this.at);
  }

  /** A person chose this moment. */
  seek(at: number): void {
    this.moveTo(at, entryAt(this.entries, at)?.key);
    this.onMoved?.(at);
  }

  /** The sound played on to this moment. */
  play(at: number): void {
    this.moveTo(at, entryAt(this.entries, at)?.key);
  }

  /** Takes the choice back. */
  clear(): void {
    this.moveTo(this.at, undefined, false);
  }

  /** The next or previous entry among those shown. */
  step(shown: readonly Entry[], by: 1 | -1): void {
    const now = shown.findIndex((entry) => entry.key === this.chosen);
    const next = now >= 0 ? shown[now + by] : by === 1 ? (shown.find((entry) => entry.line.at >= this.at) ?? shown[0]) : shown.findLast((entry) => entry.line.at <= this.at);
    if (next) this.choose(next);
  }

  private moveTo(at: number, chosen: string | undefined, open: boolean = this.open): void {
    this.at = at;
    for (const follower of this.followers) follower(at);
    if (chosen === this.chosen && open === this.open) return;
    this.chosen = chosen;
    this.open = open;
    for (const listener of this.listeners) listener();
  }
}

export const CursorContext = createContext<Cursor | null>(null);

export function useCursor(): Cursor {
  const cursor = useContext(CursorContext);
  if (!cursor) throw new Error('there is no cursor here');
  return cursor;
}

export function useChosen(): string | undefined {
  const cursor = useCursor();
  return useSyncExternalStore(cursor.listen, cursor.entry);
}

/** The entry a person opened, if one is open. */
export function useOpened(): string | undefined {
  const cursor = useCursor();
  return useSyncExternalStore(cursor.listen, cursor.opened);
}
