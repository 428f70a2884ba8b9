/** The server's words, as they come over HTTP and the live connection. Times are milliseconds UTC. */

export type Role = 'agent' | 'supervisor' | 'planner' | 'marketing' | 'admin';
export const AGENT_STATES = ['ready', 'reserved', 'talking', 'wrap_up', 'not_ready', 'logged_out'] as const;
export type AgentState = (typeof AGENT_STATES)[number];
export const INTERACTION_STATES = [
  'arrived',
  'in_flow',
  'queued',
  'offered',
  'connected',
  'on_hold',
  'transferred',
  'wrap_up',
  'closed',
] as const;
export type InteractionState = (typeof INTERACTION_STATES)[number];
export const OUTCOMES = [
  'handled',
  'abandoned',
  'self_served',
  'closed_hours',
  'voicemail',
  'transferred',
  'direct',
  'unanswered',
  'refused',
  'interrupted',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface Me {
  login: string;
  name: string;
  role: Role;
  permissions: string[];
  agent: AgentView | null;
  /** `zone` is the name of the time zone in which the center's days begin; absent from older servers. */
  center: { name: string; domain: string; version: string; zone?: string };
}

export interface AgentView {
  id: string;
  name: string;
  state: AgentState;
  reason?: string | null;
  interaction?: string | null;
  since: number;
  until?: number | null;
  next?: 'ready' | 'not_ready' | 'logged_out' | null;
  queues: string[];
  skills: Record<string, number>;
  handled: number;
  phone_registered?: boolean | null;
}

export interface QueueFigures {
  offered: number;
  answered: number;
  in_time: number;
  abandoned: number;
  abandoned_short: number;
  abandoned_late?: number;
  wait_ms: number;
  handle_ms: number;
  handled: number;
  service_level?: number | null;
}

export interface QueueView {
  id: string;
  waiting: number;
  longest_since?: number | null;
  agents: Record<AgentState, number>;
  service_level: { goal: number; threshold_ms: number; short_abandon_ms: number };
  today: QueueFigures;
}

export type WaitWhy =
  | { code: 'nobody_logged_in' }
  | { code: 'nobody_fits'; skill: string; needed: number }
  | { code: 'all_busy'; talking: number; wrap_up: number; not_ready: number };

export interface Party {
  number: string;
  display?: string | null;
}

/** What a running recording keeps; in every state but the first, something is silence. */
export type RecordingState = 'running' | 'paused' | 'customer_masked' | 'agent_masked';

export const MONITOR_MODES = ['listen', 'whisper', 'barge', 'take_over'] as const;
export type MonitorMode = (typeof MONITOR_MODES)[number];

/** Somebody who takes part in a call without having it. */
export interface MonitorView {
  /** The login. */
  by: string;
  mode: MonitorMode;
  /** Whether the phone of whoever wants to listen was not answered yet. */
  rings: boolean;
  since: number;
}

export interface InteractionView {
  id: string;
  state: InteractionState;
  flow?: string | null;
  queue?: string | null;
  agent?: string | null;
  since: number;
  arrived_at: number;
  from: Party;
  to: string;
  position?: number | null;
  queued_at?: number | null;
  why?: WaitWhy | null;
  recording: boolean;
  /** What its recording keeps, if one runs. */
  recording_state?: RecordingState | null;
  /** Who takes part in it without having it. */
  monitors?: MonitorView[];
  /** Past the queues: who has it, once they talk. */
  with?: { login?: string | null; number: string } | null;
  /** The logins of agents and supervisors whose phones talk in it. */
  talks?: string[];
}

/** Somebody in a conference. */
export interface ConferenceMember {
  /** The interaction. */
  id: string;
  from: Party;
  moderator: boolean;
  muted: boolean;
  /** A moderator or a supervisor has ordered it; otherwise it was the member's own keys. */
  muted_by_order: boolean;
  speaks: boolean;
  since: number;
}

export interface Conference {
  name: string;
  locked: boolean;
  /** Whether its members hear music until a moderator comes. */
  waits: boolean;
  members_max: number;
  members: ConferenceMember[];
}

export const TRUNK_STATES = ['down', 'shaky', 'up', 'unknown'] as const;
/** `shaky` when it failed once and others go first, `unknown` when nobody has looked. */
export type TrunkState = (typeof TRUNK_STATES)[number];

export interface TrunkView {
  /** The name. */
  id: string;
  state: TrunkState;
  since: number;
  /** What is wrong, while something is. */
  why?: string | null;
  /** Where its calls go; absent for a trunk that only calls in. */
  address?: string | null;
  /** Absent if we need not be registered there. */
  registered?: boolean | null;
  answers_in_ms?: number | null;
  calls_in: number;
  calls_out: number;
  /** Absent for no limit. */
  calls_max?: number | null;
  sent: number;
  failed: number;
}

/** A limit of ours, by its key in the configuration. */
export interface CallLimit {
  key: string;
  trunk?: string | null;
  phone?: string | null;
  /** Absent where the machine decides. */
  max?: number | null;
}

/** Something that has to be known at once, until somebody has taken notice. */
export interface AlertView {
  id: string;
  at: number;
  kind: 'emergency' | 'one_way' | 'recordings_low' | 'recordings_full' | 'limit_reached';
  /** Whose phone; who is not heard, or does not hear. Absent where nobody's call is meant. */
  from?: Party | null;
  agent?: string | null;
  /** The number called. */
  number?: string | null;
  /** `in`: not heard; `out`: does not hear. */
  way?: 'in' | 'out' | null;
  /** With `recordings_low`: how many bytes are free. */
  free_bytes?: number | null;
  /** With `limit_reached`: which, and how many calls it turned away. */
  limit?: CallLimit | null;
  calls?: number | null;
  /** Absent where no call is meant. */
  interaction?: string | null;
}

export interface Recording {
  id: string;
  kind: 'call' | 'message';
  started_at: number;
  length_ms?: number | null;
  bytes?: number | null;
  url: string;
}

export interface Interaction {
  id: string;
  channel: string;
  state: InteractionState;
  outcome?: Outcome | null;
  from: Party;
  to: string;
  origin: string;
  queue?: string | null;
  agent?: string | null;
  arrived_at: number;
  queued_at?: number | null;
  connected_at?: number | null;
  ended_at?: number | null;
  closed_at?: number | null;
  waited_ms?: number | null;
  talked_ms?: number | null;
  held_ms?: number | null;
  wrapped_up_ms?: number | null;
  offers?: number | null;
  legs: unknown[];
  recordings: Recording[];
}

export interface InteractionPage {
  interactions: Interaction[];
  next?: string | null;
}

export interface PassedOver {
  agent: string;
  code: 'idle_less' | 'lacks' | 'asked_before';
  idle_ms?: number;
  skill?: string;
  needed?: number;
  has?: number;
}

export interface OfferWhy {
  queue: string;
  rule: string;
  idle_ms: number;
  candidates: number;
  waited_ms: number;
  position: number;
  priority: number;
  skills: { skill: string; needed: number; has: number }[];
  passed_over: PassedOver[];
}

export interface Quality {
  received: number;
  lost: number;
  sent: number;
  jitter_us: number;
  codec?: string | null;
  transcoded?: boolean;
  round_trip_us?: number | null;
  mos?: number | null;
}

/** How a leg sounds now. */
export interface LegSound {
  leg: string;
  role: LegRole;
  quality: Quality;
}

export type LegRole = 'customer' | 'agent' | 'outside' | 'supervisor';

/** One line of a timeline; `kind` says which of the other fields are there. */
export type Line = { at: number; seq?: number | null } & (
  | { kind: 'arrived'; leg: string; from: Party; to: string; origin: string }
  | { kind: 'answered' }
  | { kind: 'step'; flow: string; step: string; verb: string }
  | { kind: 'digit'; digit: string }
  | { kind: 'queued'; queue: string; position: number; why?: WaitWhy | null }
  | { kind: 'position_told'; position: number }
  | { kind: 'offered'; agent: string; leg: string; why: OfferWhy }
  | { kind: 'not_taken'; agent: string; cause: string; status?: number | null; limit?: CallLimit | null }
  | { kind: 'connected'; agent: string; waited_ms: number }
  | { kind: 'held' }
  | { kind: 'resumed' }
  | { kind: 'dialed'; number: string; leg: string }
  | { kind: 'emergency_called'; number: string }
  | { kind: 'one_way'; leg: string; role: LegRole; way: 'in' | 'out' }
  | { kind: 'way_restored'; leg: string; role: LegRole; way: 'in' | 'out' }
  | { kind: 'passed_on'; leg: string; to: string }
  | { kind: 'transferred'; number: string }
  | { kind: 'leg_ended'; leg: string; role: LegRole; cause: string; status?: number | null; limit?: CallLimit | null; quality?: Quality | null }
  | { kind: 'recording_started'; recording: string }
  | { kind: 'recording_stopped'; recording: string; length_ms: number }
  | { kind: 'recording_changed'; recording: string; state: RecordingState; by: string }
  | { kind: 'recording_failed'; recording: string; why: string }
  | { kind: 'conferring'; room: string; moderator: boolean }
  | { kind: 'conference_muted'; room: string; muted: boolean; by: string }
  | { kind: 'left_conference'; room: string; why: 'full' | 'locked' | 'removed' | 'guessed'; by?: string | null }
  | { kind: 'monitor_rung'; by: string; mode: MonitorMode; leg: string }
  | { kind: 'monitored'; by: string; mode: MonitorMode }
  | { kind: 'monitor_ended'; by: string; cause: string }
  | { kind: 'agent_changed'; agent: string; from: string; to: string; reason?: string | null; lasted_ms: number }
  | { kind: 'trouble'; what: string }
  | { kind: 'closed'; outcome: Outcome }
  | { kind: 'started' }
  | {
      kind: 'sip';
      leg: string;
      role?: LegRole | null;
      sent: boolean;
      transport: string;
      remote: string;
      summary: string;
      text: string;
    }
);

export type LineOf<K extends Line['kind']> = Extract<Line, { kind: K }>;

export interface Timeline {
  interaction: Interaction;
  lines: Line[];
  /** The legs of an interaction that goes on; a server older than this page does not tell. */
  sound?: LegSound[];
}

export type LiveMessage =
  | {
      type: 'snapshot';
      at: number;
      agents: AgentView[];
      queues: QueueView[];
      interactions: InteractionView[];
      trunks: TrunkView[];
      alerts: AlertView[];
    }
  | {
      type: 'delta';
      at: number;
      agents?: AgentView[];
      queues?: QueueView[];
      interactions?: InteractionView[];
      trunks?: TrunkView[];
      alerts?: AlertView[];
      gone?: {
        agents?: string[];
        queues?: string[];
        interactions?: { id: string; outcome: Outcome }[];
        trunks?: string[];
        alerts?: string[];
      };
    }
  | { type: 'alive'; at: number };
