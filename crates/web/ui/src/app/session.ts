/** The end of a session: by choice, or because the server says so. */
import { logOut, queryClient } from '../api/queries';
import { forget } from '../live/live';
import { disconnect } from '../live/socket';

let go: ((to: { next?: string; why?: 'ended' }) => void) | undefined;

/** Names what shows the login page. */
export function whenEnded(navigate: typeof go): void {
  go = navigate;
}

/** Forgets everything and shows the login page; after a lost session one comes back to the same place. */
export function endSession(why?: 'ended'): void {
  const here = location.pathname + location.search;
  disconnect();
  forget();
  queryClient.clear();
  go?.(why ? { why, ...(here.startsWith('/login') ? {} : { next: here }) } : {});
}

export async function leave(): Promise<void> {
  try {
    await logOut();
  } finally {
    endSession();
  }
}
