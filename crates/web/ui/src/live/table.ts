/**
 * Live rows outside of React: a map, and listeners per row and for the whole.
 *
 * Changes are collected and told once per animation frame, so a row that changed ten times is drawn once. Nothing is
 * drawn while the page is hidden, because no frames come then; the first frame after it tells everything.
 */
type Listener = () => void;

export interface Scheduler {
  (run: () => void): void;
}

const byFrame: Scheduler = (run) => void requestAnimationFrame(run);

export class Table<T extends { id: string }> {
  readonly rows = new Map<string, T>();
  /** Counts the times listeners were told. */
  version = 0;
  private readonly rowListeners = new Map<string, Set<Listener>>();
  private readonly listeners = new Set<Listener>();
  private readonly changed = new Set<string>();
  private scheduled = false;

  constructor(private readonly schedule: Scheduler = byFrame) {}

  put(row: T): void {
    const before = this.rows.get(row.id);
    // A snapshot after a lost connection repeats most rows as they were.
    if (before && JSON.stringify(before) === JSON.stringify(row)) return;
    this.rows.set(row.id, row);
    this.note(row.id);
  }

  remove(id: string): void {
    if (this.rows.delete(id)) this.note(id);
  }

  /** Takes these rows and no others. */
  replace(rows: readonly T[]): void {
    const kept = new Set(rows.map((row) => row.id));
    for (const id of this.rows.keys()) if (!kept.has(id)) this.remove(id);
    for (const row of rows) this.put(row);
  }

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  listenRow(id: string, listener: Listener): () => void {
    const found = this.rowListeners.get(id) ?? new Set();
    this.rowListeners.set(id, found);
    found.add(listener);
    return () => {
      found.delete(listener);
      if (found.size === 0 && this.rowListeners.get(id) === found) this.rowListeners.delete(id);
    };
  }

  private note(id: string): void {
    this.changed.add(id);
    if (this.scheduled) return;
    this.scheduled = true;
    this.schedule(() => this.tell());
  }

  private tell(): void {
    this.scheduled = false;
    this.version += 1;
    const ids = [...this.changed];
    this.changed.clear();
    for (const id of ids) for (const listener of this.rowListeners.get(id) ?? []) listener();
    for (const listener of this.listeners) listener();
  }
}
