// What the page of tests/browser/phone.mjs is given: the two libraries that pages use to be SIP phones, each wrapped so that
// it can be told to register with a token and says what became of it. No password is known here.
import JsSIP from 'jssip';
import { Registerer, UserAgent } from 'sip.js';

/** What an answer to REGISTER says. */
const said = (message) => {
  const [, status] = /^SIP\/2\.0 (\d+)/.exec(message);
  return status === '200' ? `registered for ${/;expires=(\d+)/.exec(message)[1]} s` : status;
};

/** JsSIP: it sends what it was given as `authorization_jwt` with every request. */
async function jssip({ uri, server, token }) {
  const socket = new JsSIP.WebSocketInterface(server);
  const phone = new JsSIP.UA({
    uri,
    sockets: [socket],
    authorization_jwt: `Bearer ${token}`,
    register: false,
    register_expires: 600,
  });
  const calls = [];
  phone.on('newRTCSession', ({ session }) => {
    calls.push(session.remote_identity.uri.user);
    session.terminate({ status_code: 486 });
  });
  // It has no event for a registration that is only prolonged, so the answers themselves are listened to.
  let answered = () => {};
  const register = () =>
    new Promise((resolve) => {
      answered = resolve;
      phone.register();
    });
  await new Promise((resolve, reject) => {
    phone.once('connected', resolve);
    phone.once('disconnected', () => reject(new Error('no connection')));
    phone.start();
  });
  const { ondata } = socket;
  socket.ondata = (message) => {
    ondata(message);
    if (/^SIP\/2\.0 [\s\S]*\r\nCSeq: \d+ REGISTER\r\n/.test(message)) answered(said(message));
  };
  return {
    calls,
    register,
    again: (pass) => {
      phone.set('authorization_jwt', `Bearer ${pass.token}`);
      return register();
    },
    stop: () => phone.stop(),
  };
}

/** SIP.js: it takes further headers for REGISTER; a new token takes a new registerer. */
async function sipjs({ uri, server, token }) {
  const agent = new UserAgent({ uri: UserAgent.makeURI(uri), transportOptions: { server }, logLevel: 'error' });
  await agent.start();
  const register = (shown) =>
    new Promise((resolve) => {
      const registerer = new Registerer(agent, { expires: 600, extraHeaders: [`Authorization: Bearer ${shown}`] });
      const requestDelegate = {
        onAccept: ({ message }) => resolve(`registered for ${message.parseHeader('contact').getParam('expires')} s`),
        onReject: ({ message }) => resolve(`${message.statusCode}`),
      };
      registerer.register({ requestDelegate });
    });
  return { calls: [], register: () => register(token), again: (pass) => register(pass.token), stop: () => agent.stop() };
}

window.phones = { jssip, sipjs };
