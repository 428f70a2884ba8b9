/** The pages and their addresses. Search parameters are typed, so that every filter is a link. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router';
import { isLoggedOut, meQuery, queryClient } from '../api/queries';
import { AGENT_STATES, OUTCOMES, type AgentState, type Outcome } from '../api/types';
import { homeOf, may, type Place } from './access';
import { Broken, NotFound } from './Notice';
import { whenEnded } from './session';
import { Shell } from './Shell';
import { Fault } from '../api/client';

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value.slice(0, 200) : typeof value === 'number' ? String(value) : undefined;
const oneOf = <T extends string>(all: readonly T[], value: unknown): T | undefined => all.find((one) => one === value);
const time = (value: unknown): number | undefined => (typeof value === 'number' && value > 0 ? Math.floor(value) : undefined);

/** Leaves out what is not set, so that addresses stay short. */
function compact<T extends object>(search: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search: Record<string, unknown>) =>
    compact({ next: text(search.next), why: oneOf(['ended'] as const, search.why) }),
  component: lazyRouteComponent(() => import('../pages/login')),
});

const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  beforeLoad: async ({ location }) => {
    try {
      return { me: await queryClient.ensureQueryData(meQuery) };
    } catch (error) {
      if (isLoggedOut(error)) {
        const next = location.href === '/' ? undefined : location.href;
        throw redirect({ to: '/login', search: next ? { next } : {}, replace: true });
      }
      throw error;
    }
  },
  component: Shell,
  errorComponent: Broken,
});

/** Throws what the no-permission page shows when this person may not open a place. */
function guard(place: Place) {
  return ({ context }: { context: { me: Parameters<typeof may>[0] } }) => {
    if (!may(context.me, place)) throw new Fault('forbidden', 403, place);
  };
}

const home = createRoute({
  getParentRoute: () => inside,
  path: '/',
  beforeLoad: ({ context }) => {
    throw redirect({ to: homeOf(context.me), replace: true });
  },
});

export interface BoardSearch {
  queue?: string;
  state?: AgentState;
  agent?: string;
  interaction?: string;
}

const board = createRoute({
  getParentRoute: () => inside,
  path: '/board',
  validateSearch: (search: Record<string, unknown>): BoardSearch =>
    compact({
      queue: text(search.queue),
      state: oneOf(AGENT_STATES, search.state),
      agent: text(search.agent),
      interaction: text(search.interaction),
    }),
  beforeLoad: guard('board'),
  component: lazyRouteComponent(() => import('../pages/board')),
  errorComponent: Broken,
});

export const PERIODS = ['hour', 'today', 'yesterday', 'week', 'month', 'all', 'range'] as const;
export type Period = (typeof PERIODS)[number];

export interface ListSearch {
  when?: Period;
  from?: number;
  to?: number;
  queue?: string;
  agent?: string;
  outcome?: Outcome;
  number?: string;
}

const list = createRoute({
  getParentRoute: () => inside,
  path: '/interactions',
  validateSearch: (search: Record<string, unknown>): ListSearch =>
    compact({
      when: oneOf(PERIODS, search.when),
      from: time(search.from),
      to: time(search.to),
      queue: text(search.queue),
      agent: text(search.agent),
      outcome: oneOf(OUTCOMES, search.outcome),
      number: text(search.number),
    }),
  beforeLoad: guard('interactions'),
  component: lazyRouteComponent(() => import('../pages/interactions')),
  errorComponent: Broken,
});

const timeline = createRoute({
  getParentRoute: () => inside,
  path: '/interactions/$id',
  validateSearch: (search: Record<string, unknown>) => compact({ at: time(search.at) }),
  beforeLoad: guard('interactions'),
  component: lazyRouteComponent(() => import('../pages/timeline')),
  errorComponent: Broken,
});

const conferences = createRoute({
  getParentRoute: () => inside,
  path: '/conferences',
  beforeLoad: guard('conferences'),
  component: lazyRouteComponent(() => import('../pages/conferences')),
});

const trunks = createRoute({
  getParentRoute: () => inside,
  path: '/trunks',
  beforeLoad: guard('trunks'),
  component: lazyRouteComponent(() => import('../pages/trunks')),
  errorComponent: Broken,
});

const lost = createRoute({ getParentRoute: () => inside, path: '$', component: NotFound });

export const router = createRouter({
  routeTree: root.addChildren([login, inside.addChildren([home, board, list, timeline, conferences, trunks, lost])]),
  defaultPreload: 'intent',
  defaultPendingMs: 150,
  defaultErrorComponent: Broken,
  defaultNotFoundComponent: NotFound,
});

whenEnded(({ next, why }) => {
  void router.navigate({ to: '/login', search: compact({ next, why }), replace: true });
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

