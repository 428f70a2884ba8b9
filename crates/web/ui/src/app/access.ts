/** What somebody may open. The server decides again at every request; this only keeps dead ends out of sight. */
import type { AgentState, Me } from '../api/types';

export type Place = 'board' | 'interactions' | 'recordings' | 'pause' | 'monitor' | 'conferences' | 'trunks' | 'alerts';

/** Which of the server's permissions a place needs. */
const NEEDS: Record<Place, readonly string[]> = {
  board: ['see_board', 'see_agents', 'see_queues'],
  interactions: ['read_interactions', 'read_timelines'],
  recordings: ['hear_recordings'],
  pause: ['pause_recordings'],
  monitor: ['monitor_calls'],
  conferences: ['handle_conferences'],
  trunks: ['see_trunks'],
  alerts: ['handle_alerts'],
};

export type Asker = Pick<Me, 'permissions' | 'role'>;

/** Agents watch their own rows live; the page of the board is for those who look after others. */
export const may = (me: Asker, place: Place): boolean =>
  NEEDS[place].every((permission) => me.permissions.includes(permission)) && !(place === 'board' && seesOnlyOwn(me));

/** Whether the live connection tells this person anything. */
export const watches = (me: Asker): boolean => me.permissions.includes('see_board');

/** Where somebody begins. */
export const homeOf = (me: Asker): '/board' | '/interactions' => (may(me, 'board') ? '/board' : '/interactions');

/** States in which an interaction is the agent's own; before that its story belongs to others. */
const OWNED: ReadonlySet<AgentState> = new Set(['talking', 'wrap_up']);

/** Whether the story of the interaction that an agent has just now may be read. */
export const mayReadCurrent = (me: Asker, state: AgentState): boolean => may(me, 'interactions') && (!seesOnlyOwn(me) || OWNED.has(state));

/** Whether the lists show only what this person took. */
export const seesOnlyOwn = (me: Pick<Me, 'role'>): boolean => me.role === 'agent';
