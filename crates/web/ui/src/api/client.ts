/** Requests to the server. The session is a cookie that scripts cannot read. */
import { learnTime } from '../live/live';

/** What went wrong with a request, in the server's words where it had any. */
export class Fault extends Error {
  constructor(
    /** `network` when no answer came, else the server's code. */
    readonly code: string,
    /** The HTTP status; 0 when no answer came. */
    readonly status: number,
    message: string,
    readonly retryAfterMs?: number,
  ) {
    super(message);
    this.name = 'Fault';
  }
}

const REQUEST_LIMIT_MS = 15_000;

interface ErrorBody {
  error?: { code?: string; message?: string; retry_after_ms?: number };
  code?: string;
  message?: string;
  retry_after_ms?: number;
}

async function faultOf(response: Response): Promise<Fault> {
  let body: ErrorBody = {};
  try {
    body = (await response.json()) as ErrorBody;
  } catch {
    // A gateway in between may answer with something else.
  }
  const error = body.error ?? body;
  const header = Number(response.headers.get('retry-after'));
  const wait = error.retry_after_ms ?? body.retry_after_ms ?? (header > 0 ? header * 1000 : undefined);
  return new Fault(error.code ?? `http_${response.status}`, response.status, error.message ?? response.statusText, wait);
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export async function request<T>(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const limit = AbortSignal.timeout(REQUEST_LIMIT_MS);
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      credentials: 'same-origin',
      headers:
        method === 'GET'
          ? { accept: 'application/json' }
          : { accept: 'application/json', 'content-type': 'application/json', 'x-hotline': '1' },
      body: method === 'GET' || method === 'DELETE' ? undefined : JSON.stringify(body ?? {}),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Fault('network', 0, error instanceof Error ? error.message : String(error));
  }
  // Whole seconds, so it is behind by up to one; the live connection knows better, and the larger one is taken.
  const date = Date.parse(response.headers.get('date') ?? '');
  if (!Number.isNaN(date)) learnTime(date);
  // A gateway's own complaint means the same to a person as no answer at all.
  if (response.status === 502 || response.status === 504) throw new Fault('network', 0, response.statusText);
  if (!response.ok) throw await faultOf(response);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

export const isFault = (error: unknown, code: string): error is Fault => error instanceof Fault && error.code === code;
export const hasStatus = (error: unknown, status: number): error is Fault => error instanceof Fault && error.status === status;
