/** The end of a session: by choice, or because the server says so. */
import { logOut, queryClient, whenLoggedOut } from '../api/queries';
import { forget } from '../live/live';
import { disconnect } from '../live/socket';

let go: ((to: { next?: string; why?: 'ended' }) => void) | undefined;

/** Names what shows the login page. */
export function whenEnded(navigate: typeof go): void {
  go = navigate;
}

/** Forgets everything and shows the login page; after a lost session one comes back to the same place. */
export function endSession(why?: 'ended'): void {
  // Several answers may say it at once; the first one knows where the person was.
  if (location.pathname === '/login') return;
  const here = location.pathname + location.search;
  disconnect();
  forget();
  queryClient.clear();
  go?.(why ? { why, next: here } : {});
}

whenLoggedOut(() => endSession('ended'));

export async function leave(): Promise<void> {
  try {
    await logOut();
  } finally {
    endSession();
  }
}
