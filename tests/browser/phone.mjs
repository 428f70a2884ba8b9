// A page of the server's in headless Chromium that is a phone, driven line by line: a JSON command on stdin, a JSON answer on
// stdout. The tests in tests/tests/interop_browser.rs are on the other end; libraries come from the UI's own packages.
//
//   {"do":"open","url":U}                     goes there
//   {"do":"login","name":N,"password":P}      logs in as the UI does
//   {"do":"pass"}                             asks for what a phone needs
//   {"do":"register","library":L,"pass":P}    a new phone of this library registers with it
//   {"do":"again","pass":P}                   the same phone registers once more
//   {"do":"calls"}                            who has called it so far
//   {"do":"line","answers":B,"hz":F}          whether it answers calls, and the tone it says
//   {"do":"call","target":U}                  it calls
//   {"do":"noted","what":T,"s":S}             waits until this has happened: talks, over, hold local …
//   {"do":"log"}                              all that has happened
//   {"do":"hear","s":S}                       what the far end says, for so long
//   {"do":"state"}                            how its connection is
//   {"do":"hold"} {"do":"resume"} {"do":"restart"} {"do":"hangUp"}
//   {"do":"logout"}
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const require = createRequire(new URL('../../crates/web/ui/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const { build } = await import(require.resolve('vite'));

const bundle = await build({
  configFile: false,
  logLevel: 'error',
  resolve: { alias: { jssip: require.resolve('jssip'), 'sip.js': require.resolve('sip.js') } },
  build: {
    write: false,
    minify: false,
    lib: { entry: fileURLToPath(new URL('phones.js', import.meta.url)), formats: ['iife'], name: 'entry' },
  },
});
const code = [bundle].flat()[0].output[0].code;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  // The demo vouches for itself.
  args: ['--no-sandbox', '--disable-background-networking', '--ignore-certificate-errors', '--mute-audio',
    '--autoplay-policy=no-user-gesture-required', '--allow-loopback-in-peer-connection'],
});
// The policy of our pages lets no foreign script in, and that is what the libraries are here.
const context = await browser.newContext({ bypassCSP: true, ignoreHTTPSErrors: true });
const page = await context.newPage();

/** Asks the server as our own pages do; runs in the browser. */
const ask = async ({ path, body }) => {
  const headers = { 'Content-Type': 'application/json', 'X-Hotline': '1' };
  const answer = await fetch(`/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body ?? {}) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
};

const verbs = {
  open: async ({ url }) => {
    await page.goto(url, { waitUntil: 'load' });
    await page.addScriptTag({ content: code });
  },
  login: ({ name, password }) => page.evaluate(ask, { path: '/login', body: { login: name, password } }).then(() => null),
  pass: () => page.evaluate(ask, { path: '/me/phone' }),
  register: ({ library, pass }) =>
    page.evaluate(
      async ({ library, pass }) => {
        window.phone?.stop();
        window.phone = await window.phones[library](pass);
        return window.phone.register();
      },
      { library, pass },
    ),
  again: ({ pass }) => page.evaluate((pass) => window.phone.again(pass), pass),
  calls: () => page.evaluate(() => window.phone.calls),
  line: ({ answers, hz }) => page.evaluate((set) => void Object.assign(window.phone.line, set), { answers, hz }),
  call: ({ target }) => page.evaluate((target) => window.phone.call(target), target),
  noted: ({ what, s = 20 }) =>
    page
      .waitForFunction((what) => window.phone.line.log.some((line) => line.startsWith(what)), what, { timeout: s * 1000 })
      .then(() => null)
      .catch(async () => {
        const [log, state] = await page.evaluate(() => Promise.all([window.phone.line.log, window.phone.line.state().catch(String)]));
        throw new Error(`not ${what}, but ${JSON.stringify(log)}, ${JSON.stringify(state)}`);
      }),
  log: () => page.evaluate(() => window.phone.line.log),
  hear: ({ s }) => page.evaluate((s) => window.phone.line.hear(s), s),
  state: () => page.evaluate(() => window.phone.line.state()),
  hold: () => page.evaluate(() => window.phone.hold()).then(() => null),
  resume: () => page.evaluate(() => window.phone.resume()).then(() => null),
  restart: () => page.evaluate(() => window.phone.restart()).then(() => null),
  hangUp: () => page.evaluate(() => window.phone.hangUp()).then(() => null),
  logout: () => page.evaluate(ask, { path: '/logout' }),
};

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
say({ ok: true });
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    say({ ok: true, value: (await verbs[command.do](command)) ?? null });
  } catch (error) {
    say({ ok: false, why: error.message, url: page.url() });
  }
}
await browser.close();
