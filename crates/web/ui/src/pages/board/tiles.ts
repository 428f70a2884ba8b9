/** Tiles in rows, and the way from one to the next by arrow keys. Pure. */
import type { AgentGroup, Group } from './figures';

export type TileRow =
  | { kind: 'head'; key: string; group: Group; size: number; hot: boolean }
  | { kind: 'tiles'; key: string; ids: string[]; hot: boolean };

/** Breaks groups into a heading and rows of at most `columns` tiles. */
export function rowsOf(groups: readonly AgentGroup[], columns: number): TileRow[] {
  return groups.flatMap(({ group, ids }) => {
    const hot = group === 'attention';
    const rows: TileRow[] = [{ kind: 'head', key: `head ${group}`, group, size: ids.length, hot }];
    for (let at = 0; at < ids.length; at += columns) {
      rows.push({ kind: 'tiles', key: `${group} ${at}`, ids: ids.slice(at, at + columns), hot });
    }
    return rows;
  });
}

/** The tile an arrow key leads to; `undefined` when there is none that way. */
export function step(rows: readonly TileRow[], from: string, key: string): string | undefined {
  const tiles = rows.flatMap((row) => (row.kind === 'tiles' ? [row.ids] : []));
  const line = tiles.findIndex((ids) => ids.includes(from));
  const column = tiles[line]?.indexOf(from) ?? -1;
  if (column < 0) return undefined;
  const flat = tiles.flat();
  const at = flat.indexOf(from);
  const near = (ids: string[] | undefined) => ids?.[Math.min(column, ids.length - 1)];
  switch (key) {
    case 'ArrowRight':
      return flat[at + 1];
    case 'ArrowLeft':
      return flat[at - 1];
    case 'ArrowDown':
      return near(tiles[line + 1]);
    case 'ArrowUp':
      return near(tiles[line - 1]);
    case 'Home':
      return flat[0];
    case 'End':
      return flat.at(-1);
    default:
      return undefined;
  }
}
