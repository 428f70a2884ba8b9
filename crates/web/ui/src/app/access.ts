/** What somebody may open. The server decides again at every request; this only keeps dead ends out of sight. */
import type { Me } from '../api/types';

export type Place = 'board' | 'interactions' | 'recordings';

/** Which of the server's permissions a place needs. */
const NEEDS: Record<Place, readonly string[]> = {
  board: ['see_board', 'see_agents', 'see_queues'],
  interactions: ['read_interactions', 'read_timelines'],
  recordings: ['hear_recordings'],
};

export type Asker = Pick<Me, 'permissions'>;

export const may = (me: Asker, place: Place): boolean => NEEDS[place].every((permission) => me.permissions.includes(permission));

/** Where somebody begins. */
export const homeOf = (me: Asker): '/board' | '/interactions' => (may(me, 'board') ? '/board' : '/interactions');

/** Whether the lists show only what this person took. */
export const seesOnlyOwn = (me: Pick<Me, 'role'>): boolean => me.role === 'agent';
