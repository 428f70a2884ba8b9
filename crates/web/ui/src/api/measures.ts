/** Times of an interaction that are known. The server counts from zero; what has not happened yet is unknown, not zero. */
import type { Interaction } from './types';

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
