// What the page of tests/browser/phone.mjs is given: the two libraries that pages use to be SIP phones, each wrapped so that
// it can be told to register with a token, to call, to answer, to hold and to hang up, and says what became of it. No password
// is known here. A tone stands for somebody who speaks.
import JsSIP from 'jssip';
import { Inviter, Registerer, SessionState, UserAgent, Web } from 'sip.js';
import { Line } from './line.js';

/** What an answer to REGISTER says. */
const said = (message) => {
  const [, status] = /^SIP\/2\.0 (\d+)/.exec(message);
  return status === '200' ? `registered for ${/;expires=(\d+)/.exec(message)[1]} s` : status;
};

/**
 * What a page gets to know of our addresses. In a network that lets no UDP out it tries UDP in vain, here (`tcp`) it does not even
 * know of it; behind a router (`via ADDRESS PORT`) it finds us at the router's.
 */
const known = (sdp, policy) => {
  const [way, address, port] = policy.split(' ');
  if (way === 'tcp') return sdp.replace(/^a=candidate:\S+ \d+ udp .*\r\n/gim, '');
  if (way !== 'via') return sdp;
  return sdp.replace(/^a=candidate:\S+ \d+ tcp .*\r\n/gim, '').replace(/^(a=candidate:\S+ \d+ udp \d+) \S+ \d+/gim, `$1 ${address} ${port}`);
};

/** JsSIP: it sends what it was given as `authorization_jwt` with every request. */
async function jssip({ uri, server, token, ice_servers: iceServers = [], policy = 'all' }) {
  const iceTransportPolicy = policy === 'relay' ? 'relay' : 'all';
  const socket = new JsSIP.WebSocketInterface(server);
  const phone = new JsSIP.UA({
    uri,
    sockets: [socket],
    authorization_jwt: `Bearer ${token}`,
    register: false,
    register_expires: 600,
  });
  const line = new Line();
  const calls = [];
  let current;
  const media = async () => ({ mediaStream: await line.microphone(), pcConfig: { iceServers, iceTransportPolicy } });
  const take = (session) => {
    current = session;
    session.on('peerconnection', ({ peerconnection }) => line.follow(peerconnection));
    if (session.connection) line.follow(session.connection);
    session.on('sdp', (event) => {
      if (event.originator === 'remote') event.sdp = known(event.sdp, policy);
    });
    session.on('confirmed', () => line.note('talks'));
    for (const over of ['ended', 'failed']) session.on(over, ({ cause }) => line.note('over', cause));
    session.on('hold', ({ originator }) => line.note('hold', originator));
    session.on('unhold', ({ originator }) => line.note('unhold', originator));
  };
  phone.on('newRTCSession', async ({ originator, session }) => {
    if (originator === 'local') return take(session);
    calls.push(session.remote_identity.uri.user);
    if (!line.answers) return session.terminate({ status_code: 486 });
    take(session);
    session.answer(await media());
  });
  // It has no event for a registration that is only prolonged, so the answers themselves are listened to.
  let answered = () => {};
  const register = () =>
    new Promise((resolve) => {
      answered = resolve;
      phone.register();
    });
  // Each connection begins to listen for itself.
  phone.on('connected', () => {
    const { ondata } = socket;
    socket.ondata = (message) => {
      ondata(message);
      if (/^SIP\/2\.0 [\s\S]*\r\nCSeq: \d+ REGISTER\r\n/.test(message)) answered(said(message));
    };
  });
  await new Promise((resolve, reject) => {
    phone.once('connected', resolve);
    phone.once('disconnected', () => reject(new Error('no connection')));
    phone.start();
  });
  // It comes back by itself, but does not register by a token that is used up.
  phone.on('connected', () => line.note('back'));
  return {
    line,
    calls,
    register,
    call: async (target) => void phone.call(target, await media()),
    hold: () => current.hold(),
    resume: () => current.unhold(),
    restart: () => current.renegotiate({ rtcOfferConstraints: { iceRestart: true } }),
    hangUp: () => current.terminate(),
    again: (pass) => {
      phone.set('authorization_jwt', `Bearer ${pass.token}`);
      return register();
    },
    stop: () => phone.stop(),
  };
}

/** SIP.js: it takes further headers for REGISTER; a new token takes a new registerer. */
async function sipjs({ uri, server, token, ice_servers: iceServers = [], policy = 'all' }) {
  const iceTransportPolicy = policy === 'relay' ? 'relay' : 'all';
  const line = new Line();
  const calls = [];
  let current;
  const take = (session) => {
    current = session;
    session.stateChange.addListener((state) => {
      if (state === SessionState.Established) {
        line.follow(session.sessionDescriptionHandler.peerConnection);
        line.note('talks');
      }
      if (state === SessionState.Terminated) line.note('over');
    });
  };
  const agent = new UserAgent({
    uri: UserAgent.makeURI(uri),
    transportOptions: { server },
    reconnectionAttempts: 20,
    reconnectionDelay: 1,
    logLevel: 'error',
    sessionDescriptionHandlerFactory: Web.defaultSessionDescriptionHandlerFactory(() => line.microphone()),
    sessionDescriptionHandlerFactoryOptions: { peerConnectionConfiguration: { iceServers, iceTransportPolicy } },
    delegate: {
      onInvite: (invitation) => {
        calls.push(invitation.remoteIdentity.uri.user);
        if (!line.answers) return invitation.reject({ statusCode: 486 });
        take(invitation);
        return invitation.accept();
      },
    },
  });
  await agent.start();
  agent.delegate.onConnect = () => line.note('back');
  const change = (options) => {
    current.sessionDescriptionHandlerOptionsReInvite = options;
    const done = new Promise((resolve, reject) => {
      const requestDelegate = { onAccept: resolve, onReject: () => reject(new Error('the change was refused')) };
      current.invite({ requestDelegate }).catch(reject);
    });
    return done.then(() => null);
  };
  const register = (shown) =>
    new Promise((resolve) => {
      const registerer = new Registerer(agent, { expires: 600, extraHeaders: [`Authorization: Bearer ${shown}`] });
      const requestDelegate = {
        onAccept: ({ message }) => resolve(`registered for ${message.parseHeader('contact').getParam('expires')} s`),
        onReject: ({ message }) => resolve(`${message.statusCode}`),
      };
      registerer.register({ requestDelegate });
    });
  return {
    line,
    calls,
    register: () => register(token),
    again: (pass) => register(pass.token),
    call: async (target) => {
      const extraHeaders = [`Authorization: Bearer ${token}`];
      const inviter = new Inviter(agent, UserAgent.makeURI(target), { extraHeaders });
      take(inviter);
      await inviter.invite();
    },
    hold: () => change({ hold: true }).then(() => line.note('hold', 'local')),
    resume: () => change({ hold: false }).then(() => line.note('unhold', 'local')),
    restart: () => change({ offerOptions: { iceRestart: true } }),
    hangUp: () => current.bye(),
    stop: () => agent.stop(),
  };
}

window.phones = { jssip, sipjs };
