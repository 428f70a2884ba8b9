// A server that speaks the HTTP contract with a scripted center behind it: `node dev/mock.mjs [--agents N] [--port N]`.
// For development and for the browser tests; nothing of it is in the product. `POST /_mock` switches faults on and off.
import { createReadStream, existsSync, statSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { Center } from './center.mjs';
import { outline, wave } from './wave.mjs';

const DIST = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json' };
export const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; media-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const USERS = { sara: ['Sara Lindqvist', 'supervisor'], admin: ['Administrator', 'admin'], anna: ['Anna Petrov', 'agent'], paul: ['Paul Weber', 'planner'], mona: ['Mona Ali', 'marketing'] };
const READ = ['see_self', 'see_agents', 'see_queues'];
const LOOK_AFTER = ['see_trunks', 'handle_alerts', 'monitor_calls', 'handle_conferences'];
const LISTEN = ['read_interactions', 'read_timelines', 'hear_recordings', 'pause_recordings'];
const PERMISSIONS = {
  agent: [...READ, 'change_own_state', 'see_board', ...LISTEN],
  supervisor: [...READ, ...LOOK_AFTER, 'change_own_state', 'see_board', ...LISTEN, 'follow_events'],
  admin: [...READ, ...LOOK_AFTER, 'change_own_state', 'see_board', ...LISTEN, 'follow_events', 'read_metrics'],
  planner: [...READ, 'see_board'],
  marketing: [...READ, 'see_board'],
};
const looksAfter = (role) => PERMISSIONS[role].includes('see_trunks');
const PASSWORD = 'demo';
const LOCK_AFTER = 5;
const LOCK_MS = 30_000;

export async function startMock({ port = 5180, agents = 10, seed = 11, empty = false, tickMs = 200, storm = 0 } = {}) {
  const center = empty ? new Center({ agents: 0, hours: 0, queues: [] }) : new Center({ agents, seed, hours: agents > 50 ? 0.7 : 5 });
  if (empty) center.due = [];
  const faults = { ws: 'on', api: 'on', slowMs: 0 };
  let wrong = 0;
  let lockedUntil = 0;
  let connections = 0;
  let rounds = 0;

  const json = (response, status, body) => {
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(body === undefined ? '' : JSON.stringify(body));
  };
  const fail = (response, status, code, message, more = {}) => json(response, status, { error: { code, message, ...more } });
  const userOf = (request) => {
    const login = /hotline_session=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
    return login && USERS[login] ? login : undefined;
  };
  const body = async (request) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    return parts.length > 0 ? JSON.parse(Buffer.concat(parts).toString()) : {};
  };

  function meOf(login) {
    const [name, role] = USERS[login];
    const agent = center.agents.get(login);
    return {
      login,
      name,
      role,
      permissions: PERMISSIONS[role],
      agent: role === 'agent' && agent ? center.agentView(agent) : null,
      center: { name: 'Demo center', domain: 'hotline.test', version: '0.1.0', zone: 'Europe/Berlin' },
    };
  }

  async function api(request, response, url) {
    const route = `${request.method} ${url.pathname.slice('/api/v1'.length)}`;
    if (faults.api === 'down') return request.socket.destroy();
    if (faults.api === 'broken') return fail(response, 503, 'store_away', 'The database cannot be reached.');
    if (faults.slowMs) await new Promise((done) => setTimeout(done, faults.slowMs));
    if (route === 'POST /login') {
      const { login, password } = await body(request);
      if (Date.now() < lockedUntil) return fail(response, 429, 'locked', 'Too many tries.', { retry_after_ms: lockedUntil - Date.now() });
      if (!USERS[login] || password !== PASSWORD) {
        wrong += 1;
        if (wrong >= LOCK_AFTER) {
          wrong = 0;
          lockedUntil = Date.now() + LOCK_MS;
          return fail(response, 429, 'locked', 'Too many tries.', { retry_after_ms: LOCK_MS });
        }
        return fail(response, 401, 'wrong_login', 'Login or password is wrong.');
      }
      wrong = 0;
      response.setHeader('set-cookie', `hotline_session=${login}; HttpOnly; SameSite=Strict; Path=/`);
      return json(response, 200, { token: login, expires_at: Date.now() + 43_200_000, user: { login, name: USERS[login][0], role: USERS[login][1] } });
    }
    const login = userOf(request);
    if (!login) return fail(response, 401, 'not_logged_in', 'Log in first.');
    const role = USERS[login][1];
    if (request.method !== 'GET' && request.headers['x-hotline'] !== '1') return fail(response, 403, 'csrf', 'The X-Hotline header is missing.');
    if (route === 'POST /logout') {
      response.setHeader('set-cookie', 'hotline_session=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0');
      return json(response, 204);
    }
    if (route === 'GET /me') return json(response, 200, meOf(login));
    if (route === 'PUT /me/state') {
      const { state, reason } = await body(request);
      return json(response, 200, center.wish(login, state, reason));
    }
    const { agents: staff, queues } = center.snapshot();
    if (route === 'GET /agents') return json(response, 200, { agents: staff });
    if (route === 'GET /queues') return json(response, 200, { queues });
    const alert = /^DELETE \/alerts\/(AL-\w+)$/.exec(route)?.[1];
    if (alert || route === 'GET /trunks' || route === 'GET /alerts') {
      if (!looksAfter(role)) return fail(response, 403, 'forbidden', 'This is for supervisors.');
      if (route === 'GET /trunks') return json(response, 200, { trunks: [...center.trunks.values()] });
      if (route === 'GET /alerts') return json(response, 200, { alerts: [...center.alerts.values()] });
      if (faults.alerts === 'broken') return fail(response, 503, 'busy', 'The center did not answer.');
      return center.notice(alert) ? json(response, 204) : fail(response, 404, 'not_found', 'There is no such alert, or somebody else was faster.');
    }
    if (role === 'planner' || role === 'marketing') return fail(response, 403, 'forbidden', 'You may not see interactions.');
    const kept = /^PUT \/interactions\/(IX-\w+)\/recording\/state$/.exec(route)?.[1];
    if (kept) {
      const { state } = await body(request);
      return center.keep(kept, state, login) ? json(response, 200, { state }) : fail(response, 409, 'not_recording', 'The interaction is not recorded just now.');
    }
    const room = /^(GET|PUT|DELETE) \/conferences(?:\/(\w+)(?:\/members\/(IX-\w+))?)?$/.exec(route);
    if (room) {
      if (!looksAfter(role)) return fail(response, 403, 'forbidden', 'This is for supervisors.');
      if (faults.conferences === 'broken') return fail(response, 503, 'busy', 'The center did not answer.');
      if (room[1] === 'GET') return json(response, 200, { conferences: center.conferences });
      const wanted = room[1] === 'PUT' ? await body(request) : null;
      if (!center.orderConference(room[2], room[3], wanted)) return fail(response, 404, 'not_found', 'this call is not in the conference');
      return wanted ? json(response, 200, wanted) : json(response, 204);
    }
    const listened = /^(POST|DELETE) \/interactions\/(IX-\w+)\/monitor$/.exec(route);
    if (listened) {
      if (!looksAfter(role)) return fail(response, 403, 'forbidden', 'This is for supervisors.');
      if (faults.phone === 'gone') return fail(response, 409, 'phone_not_registered', 'the phone 1020 is not registered');
      const { mode } = await body(request);
      if (!center.monitor(listened[2], login, mode)) return fail(response, 409, 'not_talking', 'nobody talks in this interaction just now');
      return mode ? json(response, 200, { mode }) : json(response, 204);
    }
    if (route === 'GET /interactions') {
      const query = Object.fromEntries(url.searchParams);
      const mine = role === 'agent' ? { agent: login } : {};
      const taken = (one) => role !== 'agent' || one.connected_at !== null;
      return json(response, 200, center.list({ taken, ...query, from: Number(query.from ?? 0), to: Number(query.to ?? 0), limit: Number(query.limit ?? 50), ...mine }));
    }
    const match = /^GET \/interactions\/(IX-\w+)(\/timeline|\/recording|\/recording\/peaks)?$/.exec(route);
    const record = match && center.records.get(match[1]);
    if (!record || (role === 'agent' && record.interaction.agent !== login)) return fail(response, 404, 'no_such_interaction', 'There is no such interaction.');
    if (role === 'agent' && record.interaction.connected_at === null) return fail(response, 403, 'forbidden', 'This is not among what you may read.');
    if (!match[2]) return json(response, 200, center.record(record.interaction));
    if (match[2] === '/timeline') return json(response, 200, center.timeline(match[1]));
    const wanted = url.searchParams.get('recording');
    const recording = record.interaction.recordings.find((one) => !wanted || one.id === wanted);
    if (!recording) return fail(response, 404, 'no_recording', 'There is no recording.');
    if (recording.length_ms === null) return fail(response, 409, 'still_recording', 'The call is still being recorded.');
    if (match[2] === '/recording/peaks') {
      const sides = outline(wave(recording.id, recording.length_ms), Number(url.searchParams.get('points') ?? 1000));
      return json(response, 200, { recording: recording.id, length_ms: recording.length_ms, sides });
    }
    return ranged(request, response, wave(recording.id, recording.length_ms));
  }

  function ranged(request, response, data) {
    const headers = { 'content-type': 'audio/wav', 'accept-ranges': 'bytes', etag: `"${data.length}"` };
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    if (!range) {
      response.writeHead(200, { ...headers, 'content-length': data.length });
      return response.end(data);
    }
    const [from, to] = [Number(range[1]), range[2] ? Math.min(Number(range[2]), data.length - 1) : data.length - 1];
    response.writeHead(206, { ...headers, 'content-range': `bytes ${from}-${to}/${data.length}`, 'content-length': to - from + 1 });
    return response.end(data.subarray(from, to + 1));
  }

  function page(response, url) {
    const file = path.join(DIST, path.normalize(url.pathname));
    const found = file.startsWith(DIST) && existsSync(file) && statSync(file).isFile() ? file : path.join(DIST, 'index.html');
    if (!existsSync(found)) return fail(response, 404, 'not_built', 'Run npm run build first.');
    response.writeHead(200, { 'content-type': TYPES[path.extname(found)] ?? 'application/octet-stream', 'content-security-policy': CSP, 'x-content-type-options': 'nosniff' });
    return createReadStream(found).pipe(response);
  }

  const sockets = new WebSocketServer({ noServer: true });
  const server = http.createServer((request, response) => {
    const url = new URL(request.url, 'http://mock');
    if (url.pathname === '/_mock') {
      void body(request).then((wish) => {
        Object.assign(faults, wish);
        if (faults.ws === 'off') for (const socket of sockets.clients) socket.terminate();
        if (wish.unlock) lockedUntil = wrong = 0;
        json(response, 200, faults);
      });
    } else if (url.pathname.startsWith('/api/v1/')) {
      api(request, response, url).catch((error) => fail(response, 500, 'mock_failed', String(error)));
    } else page(response, url);
  });
  server.on('upgrade', (request, socket, head) => {
    const role = USERS[userOf(request) ?? '']?.[1];
    if (faults.ws === 'off' || faults.api === 'down' || !role) return socket.destroy();
    return sockets.handleUpgrade(request, socket, head, (open) => {
      connections += 1;
      open.mine = role === 'agent' ? userOf(request) : undefined;
      open.looksAfter = looksAfter(role);
      open.shown = new Set();
      open.send(JSON.stringify(within(open, center.snapshot())));
    });
  });

  // An agent is told the own row and the interaction that names the agent; trunks and alerts are for supervisors.
  function within(socket, { ...message }) {
    if (message.type === 'alive') return message;
    if (!socket.looksAfter) {
      Object.assign(message, { trunks: [], alerts: [] });
      if (message.gone) message.gone = { ...message.gone, trunks: [], alerts: [] };
    }
    if (!socket.mine) return message;
    const rows = (message.interactions ?? []).filter((one) => one.agent === socket.mine);
    const left = [...(message.gone?.interactions ?? []), ...(message.interactions ?? []).filter((one) => one.agent !== socket.mine).map(({ id }) => ({ id, outcome: 'transferred' }))];
    const gone = left.filter(({ id }) => socket.shown.delete(id));
    for (const { id } of rows) socket.shown.add(id);
    return { ...message, agents: (message.agents ?? []).filter(({ id }) => id === socket.mine), queues: [], interactions: rows, ...(message.type === 'delta' ? { gone: { interactions: gone } } : {}) };
  }

  const tell = (message) => {
    if (faults.ws === 'silent') return;
    const text = JSON.stringify(message);
    for (const socket of sockets.clients) socket.send(socket.looksAfter ? text : JSON.stringify(within(socket, message)));
  };
  let aliveAt = Date.now();
  const timer = setInterval(() => {
    center.run(Date.now());
    // A storm of changes for the load test: rows that differ by a number nobody looks at.
    if (storm > 0) {
      const all = [...center.agents.values()];
      for (let k = 0; k < (storm * tickMs) / 1000; k++) {
        const agent = all[Math.floor(Math.random() * all.length)];
        agent.handled += 1;
        center.changed.agents.add(agent.id);
      }
    }
    const delta = center.delta();
    if (delta) {
      tell(delta);
      rounds += 1;
    }
    if (Date.now() - aliveAt >= 5_000) {
      aliveAt = Date.now();
      tell({ type: 'alive', at: aliveAt });
    }
  }, tickMs);

  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    center,
    faults,
    unlock: () => {
      lockedUntil = wrong = 0;
    },
    connections: () => connections,
    /** How often changes were told. */
    rounds: () => rounds,
    drop: () => {
      for (const socket of sockets.clients) socket.terminate();
    },
    close: () => {
      clearInterval(timer);
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const option = (name, otherwise) => {
    const at = process.argv.indexOf(`--${name}`);
    return at > 0 ? Number(process.argv[at + 1]) : otherwise;
  };
  const mock = await startMock({ port: option('port', 5180), agents: option('agents', 10), storm: option('storm', 0) });
  console.log(`mock: ${mock.url}, logins ${Object.keys(USERS).join(', ')}, password ${PASSWORD}`);
}
