/** What a role may open. The server decides again at every request; this only keeps dead ends out of sight. */
import type { Me } from '../api/types';

export type Place = 'board' | 'interactions' | 'recordings';

const PLACES: Record<Me['role'], readonly Place[]> = {
  admin: ['board', 'interactions', 'recordings'],
  supervisor: ['board', 'interactions', 'recordings'],
  planner: ['board'],
  marketing: ['board'],
  agent: ['interactions', 'recordings'],
};

export const may = (me: Pick<Me, 'role'>, place: Place): boolean => PLACES[me.role].includes(place);

/** Where somebody begins. */
export const homeOf = (me: Pick<Me, 'role'>): '/board' | '/interactions' => (may(me, 'board') ? '/board' : '/interactions');
