/** Times of an interaction that are known. The server counts from zero; what has not happened yet is unknown, not zero. */
import type { Interaction, Recording } from './types';

/** How long the customer waited in the queue, once the wait is over. */
export const waitedOf = (one: Interaction): number | null =>
  one.queued_at && (one.connected_at || one.state === 'closed') ? (one.waited_ms ?? null) : null;

/** How long customer and agent were together, holds included, once the talk is over. */
export const talkedOf = (one: Interaction): number | null =>
  one.connected_at && (one.ended_at || one.state === 'closed') ? (one.talked_ms ?? 0) + (one.held_ms ?? 0) : null;

/** How long the customer was on hold, once the talk is over. */
export const heldOf = (one: Interaction): number | null => (talkedOf(one) === null ? null : (one.held_ms ?? 0));

/** How long the agent wrote it up, once that is over. */
export const wrappedUpOf = (one: Interaction): number | null =>
  one.connected_at && one.state === 'closed' ? (one.wrapped_up_ms ?? null) : null;

/** Since when the customer waits, while the wait goes on. */
export const waitingSince = (one: Interaction): number | null =>
  one.queued_at && !one.connected_at && !one.ended_at && (one.state === 'queued' || one.state === 'offered') ? one.queued_at : null;

/** Since when customer and agent are together, while they are. */
export const talkingSince = (one: Interaction): number | null =>
  one.connected_at && !one.ended_at && (one.state === 'connected' || one.state === 'on_hold') ? one.connected_at : null;

export type Progress = 'going' | 'failed' | 'done';

/** How far a recording is. One that failed has no length and no bytes, and nothing more will come. */
export const progressOf = (one: Recording): Progress =>
  one.length_ms === null || one.length_ms === undefined ? 'going' : one.length_ms === 0 && !one.bytes ? 'failed' : 'done';
