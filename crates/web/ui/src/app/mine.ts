/** Somebody as an agent: live where the live connection tells it, else as last asked for. */
import type { AgentView, InteractionView, Me } from '../api/types';
import { useRow } from '../live/hooks';
import { agents, interactions, useLive } from '../live/live';

export function useMyAgent(me: Me): AgentView | null {
  const row = useRow(agents, me.agent?.id);
  const live = useLive((state) => state.connection === 'live');
  return (live ? row : undefined) ?? me.agent;
}

/** The interaction an agent is asked to take, handles or writes up: who, from which queue, recorded or not. */
export const useMyCall = (agent: AgentView | null): InteractionView | undefined => useRow(interactions, agent?.interaction);
