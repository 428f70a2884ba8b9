/** An agent's wish for a state, asked of the server and shown when granted. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { meQuery, setMyState } from '../api/queries';
import type { Me } from '../api/types';

/** Why an agent takes nothing, as offered in the menu. */
export const REASONS = ['break', 'lunch', 'meeting', 'training'] as const;

export interface Wish {
  state: 'ready' | 'not_ready' | 'logged_out';
  reason?: string;
}

export function useMyState() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wish: Wish) => setMyState(wish.state, wish.reason),
    onSuccess: (next) => {
      client.setQueryData<Me>(meQuery.queryKey, (before) => (before ? { ...before, agent: next } : before));
    },
  });
}
