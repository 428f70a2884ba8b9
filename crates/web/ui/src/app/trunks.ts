/** What is wrong with the trunks, the worst first. Pure: rows in, words out. */
import type { TrunkView } from '../api/types';

/** `unregistered` is a trunk that wants an account and has lost it: nobody can call in by it. */
export type Trouble = 'down' | 'unregistered' | 'shaky';
export const TROUBLES: readonly Trouble[] = ['down', 'unregistered', 'shaky'];

/** What is wrong with a trunk; null while nothing is. */
export function troubleOf(trunk: TrunkView): Trouble | null {
  if (trunk.state === 'down') return 'down';
  if (trunk.registered === false) return 'unregistered';
  return trunk.state === 'shaky' ? 'shaky' : null;
}

/** Whether calls stay away because of it; a shaky one is still tried. */
export const isLost = (trouble: Trouble | null): boolean => trouble === 'down' || trouble === 'unregistered';

const rankOf = (trunk: TrunkView): number => {
  const trouble = troubleOf(trunk);
  return trouble ? TROUBLES.indexOf(trouble) : TROUBLES.length;
};

/** Trunk names: what is wrong first, the worst of it on top, then by name. */
export const byTrouble = (trunks: Iterable<TrunkView>): string[] =>
  [...trunks].toSorted((a, b) => rankOf(a) - rankOf(b) || a.id.localeCompare(b.id)).map((trunk) => trunk.id);

export interface Tally {
  down: number;
  unregistered: number;
  shaky: number;
  up: number;
  /** Those nobody looks after; they are tried. */
  unknown: number;
  /** Those with trouble, the worst first. */
  troubled: string[];
}

export function tallyOf(trunks: Iterable<TrunkView>): Tally {
  const all = [...trunks];
  const tally: Tally = { down: 0, unregistered: 0, shaky: 0, up: 0, unknown: 0, troubled: [] };
  for (const trunk of all) tally[troubleOf(trunk) ?? (trunk.state === 'up' ? 'up' : 'unknown')] += 1;
  tally.troubled = byTrouble(all.filter((trunk) => troubleOf(trunk) !== null));
  return tally;
}

/** Whether it carries as many calls as it may: the next one is turned away or goes by another. */
export const isFull = (trunk: TrunkView): boolean =>
  trunk.calls_max !== null && trunk.calls_max !== undefined && trunk.calls_in + trunk.calls_out >= trunk.calls_max;
