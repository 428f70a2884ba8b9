// One page in headless Chromium, driven line by line: a JSON command on stdin, a JSON answer on stdout.
// The tests in tests/tests/interop_browser.rs are on the other end; playwright-core comes from the UI's own packages.
//
//   {"do":"open","url":U}            goes there
//   {"do":"login","name":N,"password":P}
//   {"do":"see","text":T,"s":S}      waits until T can be read; spaces inside numbers do not count
//   {"do":"gone","text":T,"s":S}     waits until T cannot be read any more
//   {"do":"click","name":N}          presses the link, button or tab of this name
//   {"do":"dark"}                    prefers dark colors from now on
//   {"do":"audio","s":S}             waits for a player that knows its length, presses play, gives length and position
//   {"do":"shot","file":F}           keeps a picture
//   {"do":"errors"}                  what the page complained about since the last time
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(new URL('../../crates/web/ui/package.json', import.meta.url));
const { chromium } = require('playwright-core');

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-background-networking', '--autoplay-policy=no-user-gesture-required', '--mute-audio'],
});
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
// The page's players are not in the document; they are noted as they are made.
await page.addInitScript(() => {
  window.players = [];
  window.Audio = new Proxy(window.Audio, {
    construct(target, parameters) {
      const player = new target(...parameters);
      window.players.push(player);
      return player;
    },
  });
});
let complaints = [];
page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
page.on('console', (message) => {
  if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
});

/** Whether the text can be read on the page; runs in the browser. */
const readable = (text) => {
  const squeezed = (s) => s.replace(/(?<=[\d+])[\s\u00a0\u202f-]+(?=\d)/g, '').toLowerCase();
  return squeezed(document.body.innerText).includes(squeezed(text));
};

const verbs = {
  open: ({ url }) => page.goto(url, { waitUntil: 'load' }),
  login: async ({ name, password }) => {
    const field = page.locator('input[type=password]');
    await field.waitFor();
    await page.locator('input:not([type=password])').first().fill(name);
    await field.fill(password);
    await page.keyboard.press('Enter');
    await field.waitFor({ state: 'detached' });
    // Before the login the page has to ask who it is, and is told: nobody.
    complaints = complaints.filter((one) => !one.includes('401'));
  },
  see: ({ text, s = 20 }) => page.waitForFunction(readable, text, { timeout: s * 1000 }),
  gone: ({ text, s = 20 }) =>
    page.waitForFunction(`!(${readable.toString()})(${JSON.stringify(text)})`, undefined, { timeout: s * 1000 }),
  click: ({ name }) =>
    page
      .getByRole('link', { name })
      .or(page.getByRole('button', { name }))
      .or(page.getByRole('tab', { name }))
      .or(page.getByRole('row', { name }))
      .first()
      .click(),
  dark: () => page.emulateMedia({ colorScheme: 'dark' }),
  audio: async ({ s = 20 }) => {
    const timeout = s * 1000;
    await page.waitForFunction(() => window.players.some((one) => Number.isFinite(one.duration) && one.duration > 0), undefined, { timeout });
    await page.getByRole('button', { name: /^play/i }).first().click();
    await page.waitForFunction(() => window.players.some((one) => one.currentTime > 0.3), undefined, { timeout });
    return page.evaluate(() => {
      const player = window.players.find((one) => one.currentTime > 0.3);
      return { length: player.duration, position: player.currentTime };
    });
  },
  shot: ({ file }) => page.screenshot({ path: file, fullPage: false }),
  errors: () => {
    const since = complaints;
    complaints = [];
    return since;
  },
};

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
say({ ok: true });
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    const value = await verbs[command.do](command);
    say({ ok: true, value: command.do === 'audio' || command.do === 'errors' ? value : null });
  } catch (error) {
    const text = await page.evaluate(() => document.body.innerText).catch(() => '');
    say({ ok: false, why: error.message.split('\n')[0], url: page.url(), text: text.slice(0, 1500), complaints });
  }
}
await browser.close();
