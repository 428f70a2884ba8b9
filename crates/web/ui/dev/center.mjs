// A scripted contact center: callers arrive, wait, are answered, are kept on hold, give up. It runs in virtual time for the
// past and by the wall clock from then on, and says what changed. It exists to draw the pages with; it decides nothing well.
import { random } from './random.mjs';
import { sipLine } from './sip.mjs';

const CHINESE = ['吴静', '何晓东', '黄桐', '宋建国', '孙宇', '李丹', '马杰', '李悦', '许蓉', '唐爽', '梁静', '徐蓉', '陈桐', '何浩', '邓宇', '王丹', '周峰', '王建国', '赵晓东', '李磊', '许思远', '罗杰'];
const LATIN = ['Marc V.', 'Ines B.', 'Anna P.', 'Mei C.', 'Ivan S.', 'Maya D.', 'Eva E.', 'Nina B.', 'Kim A.', 'Zoe V.', 'Julia B.', 'Paul S.', 'Leo R.', 'Omar S.', 'Tom W.', 'Hugo T.'];
const DEMO = [
  ['anna', 'Anna Petrov', ['support'], { english: 3 }],
  ['bert', 'Bert de Vries', ['support'], { english: 2 }],
  ['chen', '陈浩', ['support'], { chinese: 3, english: 1 }],
  ['dora', 'Dora Klein', ['sales'], {}],
  ['emil', 'Emil Novak', ['sales'], {}],
  ['fei', '林悦', ['support', 'sales'], { chinese: 3 }],
  ['gita', 'Gita Rao', ['support', 'sales'], { english: 3 }],
  ['hugo', 'Hugo Torres', ['support', 'sales'], {}],
  ['ines', 'Inês Barbosa', ['support', 'sales'], {}],
  ['jana', 'Jana Nováková-Dvořáková', ['support', 'sales'], { english: 2 }],
];
const CALLERS = ['张伟', '王小明', 'Maria Jansen', '李静', null, '赵敏', 'Northwind Ltd', null, '刘洋', 'Ola Nordmann', null, 'Siobhán O’Brien'];
const PROMPTS = ['lunch', 'break', 'meeting', 'training'];

const TRUNKS = [
  { id: 'carrier', state: 'up', address: 'udp 198.51.100.5:5060', registered: true, answers_in_ms: 23, calls_out: 2, calls_max: 30, sent: 412, failed: 3 },
  { id: 'backup', state: 'up', address: 'tls [2001:db8::17]:5061', answers_in_ms: 48, calls_max: 10, sent: 18, failed: 0 },
  { id: 'old-pbx', state: 'unknown' },
];
const NOTHING = () => ({ agents: new Set(), queues: new Set(), interactions: new Set(), gone: [], trunks: new Set(), goneTrunks: [], alerts: new Set(), goneAlerts: [] });

export class Center {
  constructor({ agents: size = 10, seed = 11, now = Date.now(), hours = 5, queues } = {}) {
    this.dice = random(seed);
    this.now = now - hours * 3_600_000;
    this.seq = 0;
    this.due = [];
    this.records = new Map();
    this.live = new Map();
    this.changed = NOTHING();
    this.trunks = new Map();
    this.alerts = new Map();
    if (size > 0) for (const one of TRUNKS) this.setTrunk(one.id, one);
    this.queues = new Map();
    const names = queues ?? (size > 20 ? ['billing', 'tech-support', 'after-sales', 'sales', 'vip', 'returns', 'english', 'night'] : ['support', 'sales']);
    for (const id of names) this.queues.set(id, this.#queue(id));
    this.agents = new Map();
    for (let index = 0; index < size; index++) this.#agent(index, names);
    const pace = (size > 20 ? 262_000 / size : 31_000);
    this.pace = pace;
    this.#at(this.now + 100, () => this.#arrive());
    this.run(now);
  }

  #queue(id) {
    return {
      id,
      waiting: 0,
      service_level: { goal: 80, threshold_ms: 20_000, short_abandon_ms: 5_000 },
      today: { offered: 0, answered: 0, in_time: 0, abandoned: 0, abandoned_short: 0, abandoned_late: 0, wait_ms: 0, handle_ms: 0, handled: 0 },
    };
  }

  #agent(index, names) {
    const demo = names.includes('support') ? DEMO[index] : undefined;
    const name = demo?.[1] ?? (index % 2 ? CHINESE[index % CHINESE.length] : LATIN[index % LATIN.length]) + (index >= 38 ? ` ${index}` : '');
    const id = demo?.[0] ?? `agent${index}`;
    const agent = {
      id,
      name,
      state: 'logged_out',
      since: this.now,
      queues: demo?.[2] ?? [names[index % names.length], names[(index * 3 + 1) % names.length]].filter((one, at, all) => all.indexOf(one) === at),
      skills: demo?.[3] ?? {},
      handled: 0,
      phone_registered: true,
      user: String(1001 + index),
    };
    this.agents.set(id, agent);
    if (index % 9 === 8) return;
    this.#at(this.now + this.dice.int(1_000, 60_000), () => this.#become(agent, 'ready'));
  }

  #at(moment, run) {
    const time = Math.floor(moment);
    // Sorted by time; the list stays short enough for this.
    let low = 0;
    let high = this.due.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.due[middle].time <= time) low = middle + 1;
      else high = middle;
    }
    this.due.splice(low, 0, { time, run });
  }

  /** Lets everything happen that is due until `now`. */
  run(now) {
    while (this.due.length > 0 && this.due[0].time <= now) {
      const { time, run } = this.due.shift();
      this.now = time;
      run();
    }
    this.now = now;
  }

  #become(agent, state, extra = {}) {
    const lasted = this.now - agent.since;
    const from = agent.state;
    if (agent.interaction) this.#line(agent.interaction, { kind: 'agent_changed', agent: agent.id, from, to: state, reason: extra.reason ?? null, lasted_ms: lasted });
    else if (extra.interaction) this.#line(extra.interaction, { kind: 'agent_changed', agent: agent.id, from, to: state, reason: null, lasted_ms: lasted });
    Object.assign(agent, { state, since: this.now, reason: null, interaction: null, until: null }, extra);
    this.changed.agents.add(agent.id);
    for (const queue of agent.queues) this.changed.queues.add(queue);
    if (state === 'ready') {
      this.#route();
      if (this.dice.chance(0.12)) {
        this.#at(this.now + this.dice.int(20_000, 400_000), () => {
          if (agent.state === 'ready') this.away(agent, this.dice.pick(PROMPTS));
        });
      }
    }
  }

  away(agent, reason) {
    this.#become(agent, 'not_ready', { reason });
    this.#at(this.now + 45_000 + this.dice.about(200_000), () => {
      if (agent.state === 'not_ready') this.#become(agent, 'ready');
    });
  }

  /** What a person asks for over the API. */
  wish(id, state, reason) {
    const agent = this.agents.get(id);
    if (['reserved', 'talking'].includes(agent.state)) {
      agent.next = state;
      this.changed.agents.add(id);
    } else {
      agent.next = null;
      this.#become(agent, state, state === 'not_ready' ? { reason: reason ?? 'not_ready' } : {});
    }
    return this.agentView(agent);
  }

  /** A caller whose phone rings at this agent now, and is taken when a test says so. */
  ring(agent, from) {
    const one = this.agents.get(agent);
    const interaction = this.#arrive(true);
    Object.assign(interaction, { from, state: 'queued', queue: 'support', queued_at: this.now, flow: null });
    this.queues.get('support').today.offered += 1;
    this.#offer(interaction, one, [one], 1, true);
    return interaction;
  }

  /** A trunk becomes what a test says; `null` takes it away. */
  setTrunk(id, wish) {
    if (wish === null) {
      this.trunks.delete(id);
      this.changed.goneTrunks.push(id);
      return;
    }
    const before = this.trunks.get(id) ?? { id, state: 'unknown', since: this.now, calls_in: 0, calls_out: 0, sent: 0, failed: 0 };
    this.trunks.set(id, { ...before, ...(wish.state && wish.state !== before.state ? { since: this.now } : {}), ...wish });
    this.changed.trunks.add(id);
  }

  /** An agent calls for help by the own phone. */
  callForHelp(agent, number) {
    const one = this.agents.get(agent);
    const interaction = this.#arrive(true);
    const record = this.records.get(interaction.id);
    const from = { number: one.user, display: one.name };
    Object.assign(interaction, { from, to: number, origin: `user:${one.user}`, state: 'transferred', flow: null });
    record.lines = [];
    const outside = this.dice.id('LG');
    this.#line(interaction.id, { kind: 'arrived', leg: record.leg, from, to: number, origin: interaction.origin });
    this.#line(interaction.id, { kind: 'emergency_called', number });
    this.#line(interaction.id, { kind: 'dialed', number, leg: outside });
    this.#line(interaction.id, { kind: 'transferred', number });
    const alert = { id: this.dice.id('AL'), at: this.now, kind: 'emergency', from, agent, number, interaction: interaction.id };
    this.alerts.set(alert.id, alert);
    this.changed.alerts.add(alert.id);
    return alert;
  }

  /** Nothing is heard any more of the customer of a call that goes on. */
  lose(interaction) {
    const { leg } = this.records.get(interaction.id);
    this.#line(interaction.id, { kind: 'one_way', leg, role: 'customer', way: 'in' });
    const alert = { id: this.dice.id('AL'), at: this.now, kind: 'one_way', from: interaction.from, way: 'in', interaction: interaction.id };
    this.alerts.set(alert.id, alert);
    this.changed.alerts.add(alert.id);
    return alert;
  }

  /** The customer is heard again: nobody has to look any more. */
  findAgain(alert) {
    const { leg } = this.records.get(alert.interaction);
    this.#line(alert.interaction, { kind: 'way_restored', leg, role: 'customer', way: 'in' });
    this.notice(alert.id);
  }

  /** Somebody takes notice of an alert; false when somebody else was faster. */
  notice(id) {
    const there = this.alerts.delete(id);
    if (there) this.changed.goneAlerts.push(id);
    return there;
  }

  /** Somebody dialled a number nobody has. */
  turnAway(number, to) {
    const interaction = this.#arrive(true);
    const record = this.records.get(interaction.id);
    Object.assign(interaction, { from: { number, display: null }, to });
    record.lines = record.lines.filter((line) => line.kind === 'sip' && line.pending.method === 'INVITE' && !line.pending.status);
    this.#line(interaction.id, { kind: 'arrived', leg: record.leg, from: interaction.from, to, origin: 'trunk:carrier' });
    this.#line(interaction.id, { kind: 'trouble', what: `no dialplan has the entry tel:${to}` });
    this.#sip(interaction.id, { leg: record.leg, role: 'customer', user: number, remote: record.remote, transport: 'udp', sent: true, method: 'INVITE', status: 404, reason: 'Not Found' });
    this.#line(interaction.id, { kind: 'leg_ended', leg: record.leg, role: 'customer', cause: 'released', quality: null });
    this.#close(interaction, 'refused');
    return interaction;
  }

  /** The disk was full, or something like it. */
  loseRecording(id, why) {
    const { interaction, lines } = this.records.get(id);
    Object.assign(interaction.recordings[0], { length_ms: 0, bytes: 0 });
    const at = lines.findIndex((line) => line.kind === 'recording_stopped');
    lines.splice(at, 1, { at: lines[at].at, seq: lines[at].seq, kind: 'recording_failed', recording: interaction.recordings[0].id, why });
    return interaction;
  }

  take(interaction) {
    this.#connect(interaction, this.agents.get(interaction.agent), interaction.side);
  }

  #line(id, line) {
    this.seq += 1;
    const record = this.records.get(id);
    if (record) record.lines.push({ at: this.now, seq: this.seq, ...line });
  }

  #countCalls() {
    const carrier = this.trunks.get('carrier');
    if (carrier) this.setTrunk('carrier', { calls_in: this.live.size });
  }

  #sip(id, message) {
    const record = this.records.get(id);
    if (record) record.lines.push({ at: this.now, pending: message, kind: 'sip' });
  }

  #arrive(byHand = false) {
    const dice = this.dice;
    if (!byHand) this.#at(this.now + 200 + dice.about(this.pace), () => this.#arrive());
    const id = dice.id('IX');
    const leg = dice.id('LG');
    const display = dice.pick(CALLERS);
    const number = dice.chance(0.6) ? `+861${dice.int(30, 89)}${dice.int(10_000_000, 99_999_999)}` : `+31${dice.int(600_000_000, 699_999_999)}`;
    const direct = dice.chance(0.55);
    const queue = dice.pick([...this.queues.keys()].slice(0, dice.chance(0.7) ? 3 : undefined));
    const to = direct ? '4001' : '4000';
    const remote = `127.0.0.1:${dice.int(5070, 5099)}`;
    const interaction = {
      id,
      channel: 'voice',
      state: 'in_flow',
      outcome: null,
      from: { number, display },
      to,
      origin: 'trunk:carrier',
      queue: null,
      agent: null,
      flow: direct ? queue : 'main',
      arrived_at: this.now,
      since: this.now,
      queued_at: null,
      connected_at: null,
      ended_at: null,
      closed_at: null,
      waited_ms: null,
      talked_ms: null,
      held_ms: null,
      wrapped_up_ms: null,
      offers: 0,
      legs: [leg],
      recordings: [],
      recording: false,
    };
    this.records.set(id, { interaction, lines: [], leg, remote, number });
    this.live.set(id, interaction);
    this.#countCalls();
    const customer = { leg, role: 'customer', user: number, remote, transport: 'udp' };
    this.#sip(id, { ...customer, sent: false, method: 'INVITE', sdp: 40_012 });
    this.#sip(id, { ...customer, sent: true, method: 'INVITE', status: 100, reason: 'Trying' });
    this.#line(id, { kind: 'arrived', leg, from: interaction.from, to, origin: 'trunk:carrier' });
    this.#sip(id, { ...customer, sent: true, method: 'INVITE', status: 200, reason: 'OK', sdp: 20_044 });
    this.#line(id, { kind: 'answered' });
    this.#line(id, { kind: 'step', flow: interaction.flow, step: 'greet', verb: 'say' });
    this.#at(this.now + 9, () => this.#sip(id, { ...customer, sent: false, method: 'ACK' }));
    this.changed.interactions.add(id);
    if (byHand) return interaction;
    let wait = dice.int(3_000, 6_000);
    if (!direct) {
      this.#at(this.now + wait, () => this.#line(id, { kind: 'step', flow: 'main', step: 'menu', verb: 'ask' }));
      wait += dice.int(1_500, 7_000);
      if (dice.chance(0.08)) {
        this.#at(this.now + wait, () => this.#close(interaction, dice.chance(0.5) ? 'self_served' : 'voicemail', 'hung_up'));
        return;
      }
      this.#at(this.now + wait, () => this.#line(id, { kind: 'digit', digit: queue === 'sales' ? '1' : '2' }));
    }
    this.#at(this.now + wait + 30, () => this.#enqueue(interaction, queue));
  }

  #enqueue(interaction, queue) {
    Object.assign(interaction, { state: 'queued', queue, queued_at: this.now, since: this.now, flow: null });
    interaction.need = queue === 'support' && this.dice.chance(0.12) ? { skill: 'chinese', needed: 3 } : null;
    const row = this.queues.get(queue);
    row.today.offered += 1;
    this.changed.queues.add(queue);
    this.changed.interactions.add(interaction.id);
    const position = this.#waiting(queue).length;
    this.#line(interaction.id, { kind: 'queued', queue, position, why: this.#why(interaction) });
    this.#route();
    const patience = 12_000 + this.dice.about(150_000);
    this.#at(this.now + patience, () => {
      if (interaction.state === 'queued') this.#abandon(interaction);
    });
    const tell = () => {
      if (interaction.state !== 'queued') return;
      this.#line(interaction.id, { kind: 'position_told', position: this.position(interaction) });
      this.#at(this.now + 30_000, tell);
    };
    this.#at(this.now + 15_000, tell);
  }

  #waiting(queue) {
    return [...this.live.values()].filter((one) => (one.state === 'queued' || one.state === 'offered') && one.queue === queue).toSorted((a, b) => a.queued_at - b.queued_at);
  }

  position(interaction) {
    return this.#waiting(interaction.queue).indexOf(interaction) + 1;
  }

  #serving(interaction) {
    return [...this.agents.values()].filter((agent) => agent.queues.includes(interaction.queue));
  }

  #why(interaction) {
    const staff = this.#serving(interaction).filter((agent) => agent.state !== 'logged_out');
    if (staff.length === 0) return { code: 'nobody_logged_in' };
    const need = interaction.need;
    const fit = need ? staff.filter((agent) => (agent.skills[need.skill] ?? 0) >= need.needed) : staff;
    if (fit.length === 0) return { code: 'nobody_fits', ...need };
    if (fit.some((agent) => agent.state === 'ready')) return null;
    const number = (state) => fit.filter((agent) => state.includes(agent.state)).length;
    return { code: 'all_busy', talking: number(['talking', 'reserved']), wrap_up: number(['wrap_up']), not_ready: number(['not_ready']) };
  }

  #route() {
    for (const queue of this.queues.keys()) {
      for (const interaction of this.#waiting(queue)) {
        if (interaction.state !== 'queued') continue;
        const ready = this.#serving(interaction).filter((agent) => agent.state === 'ready');
        const need = interaction.need;
        const fit = ready.filter((agent) => !need || (agent.skills[need.skill] ?? 0) >= need.needed).filter((agent) => !interaction.asked?.includes(agent.id)).toSorted((a, b) => a.since - b.since);
        if (fit.length === 0) continue;
        this.#offer(interaction, fit[0], ready, fit.length);
      }
    }
  }

  #offer(interaction, agent, ready, candidates, byHand = false) {
    const { id } = interaction;
    const leg = this.dice.id('LG');
    const need = interaction.need;
    const passed = ready
      .filter((one) => one !== agent)
      .slice(0, 8)
      .map((one) =>
        interaction.asked?.includes(one.id)
          ? { agent: one.id, code: 'asked_before' }
          : need && (one.skills[need.skill] ?? 0) < need.needed
            ? { agent: one.id, code: 'lacks', skill: need.skill, needed: need.needed, has: one.skills[need.skill] ?? 0 }
            : { agent: one.id, code: 'idle_less', idle_ms: this.now - one.since },
      );
    const why = {
      queue: interaction.queue,
      rule: 'longest_idle',
      idle_ms: this.now - agent.since,
      candidates,
      waited_ms: this.now - interaction.queued_at,
      position: this.position(interaction),
      priority: 0,
      skills: need ? [{ skill: need.skill, needed: need.needed, has: agent.skills[need.skill] }] : [],
      passed_over: passed,
    };
    Object.assign(interaction, { state: 'offered', agent: agent.id, since: this.now, offers: interaction.offers + 1 });
    interaction.legs.push(leg);
    interaction.agentLeg = leg;
    this.#line(id, { kind: 'offered', agent: agent.id, leg, why });
    this.#become(agent, 'reserved', { interaction: id });
    this.changed.interactions.add(id);
    const side = { leg, role: 'agent', user: agent.user, remote: `127.0.0.1:${40_000 + Number(agent.user)}`, transport: 'tcp' };
    this.#sip(id, { ...side, sent: true, method: 'INVITE', sdp: 20_046 });
    this.#at(this.now + 14, () => this.#sip(id, { ...side, sent: false, method: 'INVITE', status: 100, reason: 'Trying' }));
    this.#at(this.now + 41, () => this.#sip(id, { ...side, sent: false, method: 'INVITE', status: 180, reason: 'Ringing' }));
    interaction.side = side;
    if (byHand) return;
    const missed = this.dice.chance(0.06);
    const ring = missed ? 15_000 : 1_200 + this.dice.about(3_500);
    this.#at(this.now + Math.min(15_000, ring), () => {
      if (interaction.state !== 'offered' || interaction.agent !== agent.id) return;
      if (missed) this.#missed(interaction, agent, side);
      else this.#connect(interaction, agent, side);
    });
  }

  #missed(interaction, agent, side) {
    const { id } = interaction;
    this.#sip(id, { ...side, sent: true, method: 'CANCEL' });
    this.#sip(id, { ...side, sent: false, method: 'CANCEL', status: 200, reason: 'OK' });
    this.#sip(id, { ...side, sent: false, method: 'INVITE', status: 487, reason: 'Request Terminated' });
    this.#sip(id, { ...side, sent: true, method: 'ACK' });
    this.#line(id, { kind: 'not_taken', agent: agent.id, cause: 'no_answer' });
    this.#line(id, { kind: 'leg_ended', leg: side.leg, role: 'agent', cause: 'no_answer', quality: null });
    Object.assign(interaction, { state: 'queued', agent: null, since: this.now, asked: [...(interaction.asked ?? []), agent.id] });
    this.#line(id, { kind: 'queued', queue: interaction.queue, position: this.position(interaction), why: this.#why(interaction) });
    this.#become(agent, 'not_ready', { reason: 'no_answer' });
    this.changed.interactions.add(id);
    this.#at(this.now + this.dice.int(20_000, 90_000), () => {
      if (agent.state === 'not_ready') this.#become(agent, 'ready');
    });
    this.#route();
  }

  #connect(interaction, agent, side) {
    const { id } = interaction;
    const row = this.queues.get(interaction.queue);
    const waited = this.now - interaction.queued_at;
    this.#sip(id, { ...side, sent: false, method: 'INVITE', status: 200, reason: 'OK', sdp: 41_200 });
    this.#sip(id, { ...side, sent: true, method: 'ACK' });
    Object.assign(interaction, { state: 'connected', since: this.now, connected_at: this.now, waited_ms: waited, recording: true, held_ms: 0 });
    this.#line(id, { kind: 'connected', agent: agent.id, waited_ms: waited });
    const recording = { id: this.dice.id('RC'), kind: 'call', started_at: this.now, length_ms: null, bytes: null };
    recording.url = `/api/v1/interactions/${id}/recording?recording=${recording.id}`;
    interaction.recordings.push(recording);
    this.#line(id, { kind: 'recording_started', recording: recording.id });
    row.today.answered += 1;
    row.today.wait_ms += waited;
    if (waited <= row.service_level.threshold_ms) row.today.in_time += 1;
    this.#become(agent, 'talking', { interaction: id });
    this.changed.interactions.add(id);
    const talk = 25_000 + this.dice.about(this.agents.size > 20 ? 180_000 : 130_000);
    if (this.dice.chance(0.25)) {
      const from = this.now + talk * 0.4;
      const hold = this.dice.int(8_000, 40_000);
      this.#at(from, () => this.#hold(interaction, side, true));
      this.#at(Math.min(from + hold, this.now + talk - 500), () => this.#hold(interaction, side, false));
    }
    this.#at(this.now + talk, () => this.#hangUp(interaction, agent, side));
  }

  #hold(interaction, side, on) {
    if (!['connected', 'on_hold'].includes(interaction.state)) return;
    const { id } = interaction;
    this.#sip(id, { ...side, sent: false, method: 'INVITE', cseq: on ? 2 : 3, sdp: 41_200 });
    this.#sip(id, { ...side, sent: true, method: 'INVITE', cseq: on ? 2 : 3, status: 200, reason: 'OK', sdp: 20_046 });
    this.#sip(id, { ...side, sent: false, method: 'ACK', cseq: on ? 2 : 3 });
    this.#line(id, { kind: on ? 'held' : 'resumed' });
    if (!on) interaction.held_ms += this.now - interaction.since;
    Object.assign(interaction, { state: on ? 'on_hold' : 'connected', since: this.now });
    this.changed.interactions.add(id);
  }

  #quality() {
    const received = this.dice.int(2_000, 9_000);
    const lost = this.dice.chance(0.7) ? 0 : this.dice.int(1, 160);
    return { received, lost, sent: received + this.dice.int(-4, 4), jitter_us: this.dice.int(80, 6_500), codec: this.dice.chance(0.8) ? 'PCMA' : 'opus', transcoded: this.dice.chance(0.2), round_trip_us: this.dice.int(9_000, 140_000), mos: Math.round((4.4 - lost / 90) * 100) / 100 };
  }

  #hangUp(interaction, agent, side) {
    const { id } = interaction;
    const record = this.records.get(id);
    const customer = { leg: record.leg, role: 'customer', user: record.number, remote: record.remote, transport: 'udp' };
    const byCaller = this.dice.chance(0.6);
    const first = byCaller ? customer : side;
    const second = byCaller ? side : customer;
    this.#sip(id, { ...first, sent: false, method: 'BYE', cseq: 9 });
    this.#sip(id, { ...first, sent: true, method: 'BYE', cseq: 9, status: 200, reason: 'OK' });
    this.#sip(id, { ...second, sent: true, method: 'BYE', cseq: 9 });
    this.#sip(id, { ...second, sent: false, method: 'BYE', cseq: 9, status: 200, reason: 'OK' });
    this.#line(id, { kind: 'leg_ended', leg: first.leg, role: first.role, cause: 'hung_up', quality: this.#quality() });
    this.#line(id, { kind: 'leg_ended', leg: second.leg, role: second.role, cause: 'released', quality: this.#quality() });
    const recording = interaction.recordings[0];
    recording.length_ms = this.now - recording.started_at;
    recording.bytes = 44 + Math.floor(recording.length_ms * 32);
    this.#line(id, { kind: 'recording_stopped', recording: recording.id, length_ms: recording.length_ms });
    Object.assign(interaction, { state: 'wrap_up', since: this.now, ended_at: this.now, talked_ms: this.now - interaction.connected_at - interaction.held_ms, recording: false });
    const wrap = this.dice.int(6_000, 24_000);
    this.#become(agent, 'wrap_up', { interaction: id, until: this.now + Math.max(10_000, wrap) });
    this.changed.interactions.add(id);
    this.#at(this.now + wrap, () => {
      const row = this.queues.get(interaction.queue);
      interaction.wrapped_up_ms = wrap;
      row.today.handled += 1;
      row.today.handle_ms += interaction.talked_ms + interaction.held_ms + wrap;
      agent.handled += 1;
      const next = agent.next ?? 'ready';
      agent.next = null;
      this.#close(interaction, 'handled');
      this.#become(agent, next, next === 'not_ready' ? { reason: 'not_ready' } : {});
    });
  }

  #abandon(interaction) {
    const row = this.queues.get(interaction.queue);
    const waited = this.now - interaction.queued_at;
    interaction.waited_ms = waited;
    if (waited < row.service_level.short_abandon_ms) row.today.abandoned_short += 1;
    else row.today.abandoned += 1;
    if (waited > row.service_level.threshold_ms) row.today.abandoned_late += 1;
    this.#close(interaction, 'abandoned', 'hung_up');
  }

  #close(interaction, outcome, cause) {
    const { id } = interaction;
    const record = this.records.get(id);
    if (cause) {
      const customer = { leg: record.leg, role: 'customer', user: record.number, remote: record.remote, transport: 'udp' };
      this.#sip(id, { ...customer, sent: false, method: 'BYE', cseq: 2 });
      this.#sip(id, { ...customer, sent: true, method: 'BYE', cseq: 2, status: 200, reason: 'OK' });
      this.#line(id, { kind: 'leg_ended', leg: record.leg, role: 'customer', cause, quality: this.#quality() });
      interaction.ended_at = this.now;
      if (outcome === 'voicemail') {
        const recording = { id: this.dice.id('RC'), kind: 'message', started_at: this.now - 6_000, length_ms: 5_800, bytes: 92_844 };
        recording.url = `/api/v1/interactions/${id}/recording?recording=${recording.id}`;
        interaction.recordings.push(recording);
      }
    }
    this.#line(id, { kind: 'closed', outcome });
    Object.assign(interaction, { state: 'closed', outcome, closed_at: this.now, since: this.now });
    this.live.delete(id);
    this.#countCalls();
    this.changed.interactions.delete(id);
    this.changed.gone.push({ id, outcome });
    if (interaction.queue) this.changed.queues.add(interaction.queue);
  }

  // --- what the server shows -------------------------------------------------------------------------------------

  agentView({ user: _user, ...agent }) {
    return agent;
  }

  queueView(queue) {
    const waiting = this.#waiting(queue.id);
    const agents = { ready: 0, reserved: 0, talking: 0, wrap_up: 0, not_ready: 0, logged_out: 0 };
    for (const agent of this.agents.values()) if (agent.queues.includes(queue.id)) agents[agent.state] += 1;
    const ground = queue.today.answered + queue.today.abandoned;
    return {
      ...queue,
      waiting: waiting.length,
      longest_since: waiting[0]?.queued_at ?? null,
      agents,
      today: { ...queue.today, service_level: ground > 0 ? Math.round((queue.today.in_time / ground) * 1000) / 10 : null },
    };
  }

  interactionView(one) {
    const waits = one.state === 'queued' || one.state === 'offered';
    return {
      id: one.id,
      state: one.state,
      flow: one.flow,
      queue: one.queue,
      agent: one.agent,
      since: one.since,
      arrived_at: one.arrived_at,
      from: one.from,
      to: one.to,
      position: waits ? this.position(one) : null,
      queued_at: one.queued_at,
      why: one.state === 'queued' ? this.#why(one) : null,
      recording: one.recording,
      ...(one.recording ? { recording_state: one.recordingState ?? 'running' } : {}),
      ...(one.monitors?.length ? { monitors: one.monitors } : {}),
      ...(one.with ? { with: one.with, talks: one.talks } : {}),
    };
  }

  record({ asked: _a, side: _i, agentLeg: _l, need: _n, flow: _f, since: _s, recording: _r, recordingState: _k, monitors: _m, with: _w, talks: _t, ...rest }) {
    return rest;
  }

  /** Pauses a recording, masks a side of it, or lets it run again. */
  keep(id, state, by) {
    const interaction = this.live.get(id);
    if (!interaction?.recording) return false;
    if ((interaction.recordingState ?? 'running') !== state) {
      interaction.recordingState = state;
      this.#line(id, { kind: 'recording_changed', recording: interaction.recordings[0].id, state, by });
      this.changed.interactions.add(id);
    }
    return true;
  }

  /** Lets a supervisor take part in a call, in another way, or no longer. The phone is answered by `answer`. */
  monitor(id, by, mode) {
    const interaction = this.live.get(id);
    if (!interaction || !['connected', 'on_hold'].includes(interaction.state)) return false;
    const there = interaction.monitors?.find((one) => one.by === by);
    if (!mode) {
      interaction.monitors = interaction.monitors?.filter((one) => one !== there);
      this.#line(id, { kind: 'monitor_ended', by, cause: 'released' });
    } else if (there) {
      interaction.monitors = interaction.monitors.map((one) => (one === there ? { ...one, mode } : one));
      if (!there.rings) this.#line(id, { kind: 'monitored', by, mode });
    } else {
      interaction.monitors = [...(interaction.monitors ?? []), { by, mode, rings: true, since: this.now }];
      this.#line(id, { kind: 'monitor_rung', by, mode, leg: this.dice.id('LG') });
    }
    this.changed.interactions.add(id);
    return true;
  }

  /** A supervisor answers the own phone, which rings to listen. */
  answer(id, by) {
    const interaction = this.live.get(id);
    interaction.monitors = interaction.monitors.map((one) => (one.by === by ? { ...one, rings: false, since: this.now } : one));
    const { mode } = interaction.monitors.find((one) => one.by === by);
    this.#line(id, { kind: 'monitored', by, mode });
    if (mode === 'take_over') {
      const monitors = interaction.monitors.filter((one) => one.by !== by);
      Object.assign(interaction, { monitors, state: 'transferred', agent: null, with: { login: by, number: '1020' }, talks: [by], since: this.now });
      this.#line(id, { kind: 'transferred', number: '1020' });
    }
    this.changed.interactions.add(id);
  }

  /** Conferences that somebody is in, as the API tells them. */
  conferences = [];

  /** Three in a room, one of them the moderator. */
  meet() {
    const of = (number, display, more) => ({ id: this.dice.id('IX'), from: { number, display }, moderator: false, muted: false, muted_by_order: false, speaks: false, since: this.now - 65_000, ...more });
    const members = [of('+4930901820', 'Ida Berg', { moderator: true, speaks: true }), of('+8613800138000', '王小明', {}), of('+31612345678', null, { muted: true })];
    this.conferences = [{ name: 'meeting', locked: false, waits: false, members_max: 16, members }];
    return members;
  }

  /** Locks a room, mutes a member (`wanted`), or removes one (`wanted` is null). */
  orderConference(name, id, wanted) {
    const room = this.conferences.find((one) => one.name === name);
    if (!room) return false;
    if (!id) return Boolean(Object.assign(room, wanted));
    const member = room.members.find((one) => one.id === id);
    if (!member) return false;
    const own = member.muted && !member.muted_by_order;
    if (wanted) Object.assign(member, { muted: wanted.muted || own, muted_by_order: wanted.muted });
    else room.members = room.members.filter((one) => one !== member);
    return true;
  }

  snapshot() {
    return {
      type: 'snapshot',
      at: this.now,
      agents: [...this.agents.values()].map((one) => this.agentView(one)),
      queues: [...this.queues.values()].map((one) => this.queueView(one)),
      interactions: [...this.live.values()].map((one) => this.interactionView(one)),
      trunks: [...this.trunks.values()],
      alerts: [...this.alerts.values()],
    };
  }

  /** What changed since the last call; `null` when nothing did. */
  delta() {
    const { agents, queues, interactions, gone, trunks, goneTrunks, alerts, goneAlerts } = this.changed;
    this.changed = NOTHING();
    // A change of a queue changes the place and the reason of everyone in it.
    for (const one of this.live.values()) if (queues.has(one.queue) && one.state === 'queued') interactions.add(one.id);
    if (agents.size + queues.size + interactions.size + gone.length + trunks.size + goneTrunks.length + alerts.size + goneAlerts.length === 0) return null;
    return {
      type: 'delta',
      at: this.now,
      agents: [...agents].map((id) => this.agentView(this.agents.get(id))),
      queues: [...queues].map((id) => this.queueView(this.queues.get(id))),
      interactions: [...interactions].filter((id) => this.live.has(id)).map((id) => this.interactionView(this.live.get(id))),
      trunks: [...trunks].filter((id) => this.trunks.has(id)).map((id) => this.trunks.get(id)),
      alerts: [...alerts].filter((id) => this.alerts.has(id)).map((id) => this.alerts.get(id)),
      gone: { interactions: gone, trunks: goneTrunks, alerts: goneAlerts },
    };
  }

  timeline(id) {
    const record = this.records.get(id);
    if (!record) return null;
    return {
      interaction: this.record(record.interaction),
      lines: record.lines.map((line) => (line.pending ? sipLine({ at: line.at, ...line.pending }) : line)),
      sound: this.live.get(id)?.state === 'connected' ? [{ leg: record.leg, role: 'customer', quality: this.#quality() }] : [],
    };
  }

  list({ taken = () => true, from, to, queue, agent, outcome, number, limit, cursor }) {
    const all = [...this.records.values()]
      .map((record) => record.interaction)
      .filter(
        (one) =>
          taken(one) &&
          (!from || one.arrived_at >= from) &&
          (!to || one.arrived_at < to) &&
          (!queue || one.queue === queue) &&
          (!agent || one.agent === agent) &&
          (!outcome || one.outcome === outcome) &&
          (!number || one.from.number.includes(number) || one.to === number),
      )
      .toSorted((a, b) => b.arrived_at - a.arrived_at);
    const start = cursor ? Number(cursor) : 0;
    const page = all.slice(start, start + limit);
    return { interactions: page.map((one) => this.record(one)), next: start + limit < all.length ? String(start + limit) : undefined };
  }
}
