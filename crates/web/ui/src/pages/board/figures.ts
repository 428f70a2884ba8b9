/** The numbers of the board, from live rows. Pure: rows in, numbers out. */
import { AGENT_STATES, type AgentState, type AgentView, type InteractionView, type QueueView } from '../../api/types';
import { keepPlaces } from '../../live/hooks';

export interface Figures {
  /** Percent answered in time; null while nothing counts. */
  serviceLevel: number | null;
  /** The goal and threshold all queues share; null when they differ. */
  goal: { goal: number; threshold_ms: number } | null;
  waiting: number;
  longestSince: number | null;
  /** Percent of those who counted and left. */
  abandoned: number | null;
  abandonedCount: number;
  offered: number;
  handleMs: number | null;
  occupancy: number | null;
}

/** The server rounds a percentage to a tenth. */
const ROUNDED = 0.051;

/**
 * How many interactions a queue's service level was taken over: what the server's percentage fits, because whether
 * abandons count, and which, is the queue's own setting.
 */
function groundOf(queue: QueueView): number {
  const { service_level: level, in_time: inTime, answered, abandoned, abandoned_late: late } = queue.today;
  if (level === null || level === undefined) return 0;
  const fits = [answered + abandoned, answered + (late ?? abandoned), answered].find(
    (ground) => ground > 0 && Math.abs((inTime / ground) * 100 - level) <= ROUNDED,
  );
  return fits ?? (level > 0 ? (inTime * 100) / level : answered + abandoned);
}

export function figures(queues: readonly QueueView[], agents: readonly AgentView[]): Figures {
  let [waiting, abandoned, offered, short, handleMs, handled, inTime, ground] = [0, 0, 0, 0, 0, 0, 0, 0];
  let longestSince: number | null = null;
  const goals = new Set<string>();
  for (const queue of queues) {
    waiting += queue.waiting;
    abandoned += queue.today.abandoned;
    short += queue.today.abandoned_short;
    offered += queue.today.offered;
    handleMs += queue.today.handle_ms;
    handled += queue.today.handled;
    inTime += queue.today.in_time;
    ground += groundOf(queue);
    if (queue.longest_since && (longestSince === null || queue.longest_since < longestSince)) longestSince = queue.longest_since;
    goals.add(`${queue.service_level.goal}/${queue.service_level.threshold_ms}`);
  }
  const first = queues[0];
  const counted = offered - short;
  return {
    serviceLevel: ground > 0 ? (inTime / ground) * 100 : null,
    goal: goals.size === 1 && first ? { goal: first.service_level.goal, threshold_ms: first.service_level.threshold_ms } : null,
    waiting,
    longestSince,
    abandoned: counted > 0 ? (abandoned / counted) * 100 : null,
    abandonedCount: abandoned,
    offered,
    handleMs: handled > 0 ? handleMs / handled : null,
    occupancy: occupancy(countStates(agents)),
  };
}

export type Counts = Record<AgentState, number>;

export function countStates(agents: Iterable<AgentView>): Counts {
  const counts: Counts = { ready: 0, reserved: 0, talking: 0, wrap_up: 0, not_ready: 0, logged_out: 0 };
  for (const agent of agents) counts[agent.state] += 1;
  return counts;
}

/** Percent of those at work and not away who are busy just now. */
export function occupancy(counts: Counts): number | null {
  const busy = counts.reserved + counts.talking + counts.wrap_up;
  return busy + counts.ready > 0 ? (busy / (busy + counts.ready)) * 100 : null;
}

/** How far a service level is under its goal: under three quarters of it is bad. */
export const shortfall = (level: number | null | undefined, goal: number | undefined): 'warn' | 'bad' | undefined =>
  level === null || level === undefined || goal === undefined || level >= goal ? undefined : level < goal * 0.75 ? 'bad' : 'warn';

export type Burning = 'fine' | 'warn' | 'bad';

/**
 * How much a queue burns. Bad: somebody waits longer than three times the threshold, or waits while nobody is logged
 * in. Warn: somebody waits longer than the threshold, or the service level is under its goal.
 */
export function burning(queue: QueueView, now: number): Burning {
  const waited = queue.longest_since ? now - queue.longest_since : 0;
  const threshold = queue.service_level.threshold_ms;
  const staffed =
    queue.agents.ready + queue.agents.reserved + queue.agents.talking + queue.agents.wrap_up + queue.agents.not_ready > 0;
  if (queue.waiting > 0 && (!staffed || waited > threshold * 3)) return 'bad';
  if (queue.waiting > 0 && waited > threshold) return 'warn';
  const level = queue.today.service_level;
  return level !== null && level !== undefined && level < queue.service_level.goal ? 'warn' : 'fine';
}

const RANK: Record<Burning, number> = { bad: 0, warn: 1, fine: 2 };

/** Queue ids, the most urgent first: what burns, then how long somebody waits, then how many, then the name. */
export function byUrgency(queues: Iterable<QueueView>, now: number): string[] {
  return [...queues]
    .toSorted(
      (a, b) =>
        RANK[burning(a, now)] - RANK[burning(b, now)] ||
        (a.longest_since ?? Infinity) - (b.longest_since ?? Infinity) ||
        b.waiting - a.waiting ||
        a.id.localeCompare(b.id),
    )
    .map((queue) => queue.id);
}

/** Interactions that wait for an agent, the next to be taken first within each queue, the longest wait first overall. */
export function waitingOf(interactions: Iterable<InteractionView>, queue?: string): string[] {
  return [...interactions]
    .filter((one) => (one.state === 'queued' || one.state === 'offered') && (!queue || one.queue === queue))
    .toSorted((a, b) => (a.queued_at ?? a.arrived_at) - (b.queued_at ?? b.arrived_at) || a.id.localeCompare(b.id))
    .map((one) => one.id);
}

/** Interactions under way that do not wait: with an agent, in a flow, transferred. Whoever is longest in the present state comes first. */
export function callsOf(interactions: Iterable<InteractionView>, queue?: string): string[] {
  return [...interactions]
    .filter((one) => one.state !== 'queued' && one.state !== 'offered' && one.state !== 'closed' && (!queue || one.queue === queue))
    .toSorted((a, b) => a.since - b.since || a.id.localeCompare(b.id))
    .map((one) => one.id);
}

/** How long a state may last before an agent needs attention. */
export interface Limits {
  talking: number;
  on_hold: number;
  wrap_up: number;
  not_ready: number;
}

export const LIMITS: Limits = { talking: 20 * 60_000, on_hold: 5 * 60_000, wrap_up: 5 * 60_000, not_ready: 30 * 60_000 };

export type Attention = { code: 'over'; what: keyof Limits; limit: number } | { code: 'missed' } | { code: 'unreachable' };

/** Why somebody should look after this agent; null when nobody needs to. */
export function attention(agent: AgentView, call: InteractionView | undefined, limits: Limits, now: number): Attention | null {
  if (agent.state === 'not_ready' && agent.reason === 'no_answer') return { code: 'missed' };
  if (agent.state === 'not_ready' && agent.reason === 'unreachable') return { code: 'unreachable' };
  const over = (what: keyof Limits, since: number): Attention | null =>
    now - since > limits[what] ? { code: 'over', what, limit: limits[what] } : null;
  if (agent.state === 'talking') {
    return (call?.state === 'on_hold' ? over('on_hold', call.since) : null) ?? over('talking', agent.since);
  }
  if (agent.state === 'wrap_up') return over('wrap_up', agent.since);
  if (agent.state === 'not_ready') return over('not_ready', agent.since);
  return null;
}

export type Group = 'attention' | AgentState;

export interface AgentGroup {
  group: Group;
  ids: string[];
}

/**
 * Groups between two orders: whoever is in another state now stands in its group at once, at the end of it; nobody else changes
 * places. Under the pointer or the focus nothing moves.
 */
export function keepGroups(shown: readonly AgentGroup[], next: readonly AgentGroup[], held: boolean): AgentGroup[] {
  if (held) return [...shown];
  const before = new Map(shown.map((one) => [one.group, one.ids]));
  return next.map(({ group, ids }) => ({ group, ids: keepPlaces(before.get(group) ?? [], ids, false) }));
}

/** Agents in groups, in the order the board shows them; within a group whoever is longest in the state comes first. */
export function grouped(
  agents: Iterable<AgentView>,
  callOf: (agent: AgentView) => InteractionView | undefined,
  limits: Limits,
  now: number,
  only?: AgentState,
): AgentGroup[] {
  const order: readonly Group[] = ['attention', ...AGENT_STATES];
  const groups = new Map<Group, AgentView[]>(order.map((group) => [group, []]));
  for (const agent of agents) {
    if (only && agent.state !== only) continue;
    const group: Group = attention(agent, callOf(agent), limits, now) ? 'attention' : agent.state;
    groups.get(group)?.push(agent);
  }
  return order.flatMap((group) => {
    const members = groups.get(group) ?? [];
    if (members.length === 0) return [];
    members.sort(group === 'logged_out' ? (a, b) => a.name.localeCompare(b.name) : (a, b) => a.since - b.since || a.name.localeCompare(b.name));
    return [{ group, ids: members.map((agent) => agent.id) }];
  });
}
