/** What is asked for, under which name it is kept, and for how long. */
import { infiniteQueryOptions, QueryCache, QueryClient, queryOptions } from '@tanstack/react-query';
import { setCenterZone } from '../text/format';
import { hasStatus, isFault, request } from './client';
import type { AgentView, Interaction, InteractionPage, Me, Outcome, QueueView, Conference,
  MonitorMode,
  RecordingState, Timeline, TrunkView } from './types';

let onLoggedOut: (() => void) | undefined;

/** Names whoever shows the login page when any answer says that the session has ended. */
export function whenLoggedOut(listener: typeof onLoggedOut): void {
  onLoggedOut = listener;
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      // Who asks who is logged in knows what to do with the answer.
      if (isLoggedOut(error) && query.queryKey[0] !== 'me') onLoggedOut?.();
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (times, error) => isFault(error, 'network') && times < 2,
      retryDelay: (times) => 500 * 2 ** times,
      refetchOnWindowFocus: false,
    },
  },
});

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async ({ signal }) => {
    const me = await request<Me>('GET', '/me', undefined, signal);
    // Before anything is drawn: every time on every page is told in it.
    setCenterZone(me.center.zone);
    return me;
  },
  staleTime: Infinity,
  retry: false,
});

export interface InteractionFilter {
  from?: number;
  to?: number;
  queue?: string;
  agent?: string;
  outcome?: Outcome;
  number?: string;
}

/** How often the newest page of the list is read again. */
const LIST_EVERY_MS = 15_000;
/** The same while the asker has a call, which enters the list when the library has written it down. */
export const LIST_IN_CALL_EVERY_MS = 2_000;
/** How many interactions a page of the list holds. */
const PAGE = 50;

export const interactionsQuery = (filter: InteractionFilter, every: number = LIST_EVERY_MS) =>
  infiniteQueryOptions({
    queryKey: ['interactions', filter],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({ limit: String(PAGE) });
      for (const [name, value] of Object.entries(filter)) if (value !== undefined && value !== '') query.set(name, String(value));
      if (pageParam) query.set('cursor', pageParam);
      return request<InteractionPage>('GET', `/interactions?${query}`, undefined, signal);
    },
    getNextPageParam: (last) => last.next ?? undefined,
    // Who reads on below the first page must not have the rows move away.
    refetchInterval: (query) => (query.state.data?.pages.length === 1 ? every : false),
  });

const isOver = (interaction: Interaction | undefined): boolean => interaction?.state === 'closed';

/** How often the story of an open interaction is read again. */
const STORY_EVERY_MS = 2_000;

export const timelineQuery = (id: string) =>
  queryOptions({
    queryKey: ['timeline', id],
    queryFn: ({ signal }) => request<Timeline>('GET', `/interactions/${encodeURIComponent(id)}/timeline`, undefined, signal),
    refetchInterval: (query) =>
      query.state.error || isOver(query.state.data?.interaction) ? false : STORY_EVERY_MS,
  });

export const agentsQuery = queryOptions({
  queryKey: ['agents'],
  queryFn: ({ signal }) => request<{ agents: AgentView[] }>('GET', '/agents', undefined, signal),
  staleTime: 60_000,
  retry: false,
});

export const queuesQuery = queryOptions({
  queryKey: ['queues'],
  queryFn: ({ signal }) => request<{ queues: QueueView[] }>('GET', '/queues', undefined, signal),
  staleTime: 60_000,
  retry: false,
});

/** How often the trunks are asked for while the live connection tells nothing. */
const TRUNKS_EVERY_MS = 10_000;

export const trunksQuery = queryOptions({
  queryKey: ['trunks'],
  queryFn: ({ signal }) => request<{ trunks: TrunkView[] }>('GET', '/trunks', undefined, signal),
  refetchInterval: TRUNKS_EVERY_MS,
});

/** Says that one has taken notice of an alert, which goes from every board. */
export const closeAlert = (id: string): Promise<void> => request<void>('DELETE', `/alerts/${encodeURIComponent(id)}`);

export interface LoginAnswer {
  expires_at: number;
  user: { login: string; name: string; role: Me['role'] };
}

export const logIn = (login: string, password: string): Promise<LoginAnswer> =>
  request<LoginAnswer>('POST', '/login', { login, password });

export const logOut = (): Promise<void> => request<void>('POST', '/logout');

export const setMyState = (state: 'ready' | 'not_ready' | 'logged_out', reason?: string): Promise<AgentView> =>
  request<AgentView>('PUT', '/me/state', { state, reason });

/** Pauses the recording of a call that goes on, masks a side of it, or lets it run again. */
export const setRecording = (interaction: string, state: RecordingState): Promise<{ state: RecordingState }> =>
  request<{ state: RecordingState }>('PUT', `/interactions/${encodeURIComponent(interaction)}/recording/state`, { state });

/** Takes part in a call of others, or does so in another way: the own phone rings, if it does not take part already. */
export const setMonitor = (interaction: string, mode: MonitorMode): Promise<{ mode: MonitorMode }> =>
  request<{ mode: MonitorMode }>('POST', `/interactions/${encodeURIComponent(interaction)}/monitor`, { mode });

/** Takes part in it no longer. */
export const endMonitor = (interaction: string): Promise<void> =>
  request<void>('DELETE', `/interactions/${encodeURIComponent(interaction)}/monitor`);

/** How often it is asked who is in which conference, and who speaks. */
const CONFERENCES_EVERY_MS = 1_000;

export const conferencesQuery = queryOptions({
  queryKey: ['conferences'],
  queryFn: ({ signal }) => request<{ conferences: Conference[] }>('GET', '/conferences', undefined, signal),
  refetchInterval: CONFERENCES_EVERY_MS,
  retry: false,
});

const roomPath = (room: string): string => `/conferences/${encodeURIComponent(room)}`;
const memberPath = (room: string, member: string): string => `${roomPath(room)}/members/${encodeURIComponent(member)}`;

/** Lets nobody into a conference any more but moderators, or everybody again. */
export const lockConference = (room: string, locked: boolean): Promise<{ locked: boolean }> =>
  request<{ locked: boolean }>('PUT', roomPath(room), { locked });

/** Lets a member be heard no more, or again. */
export const muteMember = (room: string, member: string, muted: boolean): Promise<{ muted: boolean }> =>
  request<{ muted: boolean }>('PUT', memberPath(room, member), { muted });

/** Takes a member out. */
export const removeMember = (room: string, member: string): Promise<void> => request<void>('DELETE', memberPath(room, member));

/** Whether an error means that nobody is logged in any more. */
export const isLoggedOut = (error: unknown): boolean => hasStatus(error, 401);
