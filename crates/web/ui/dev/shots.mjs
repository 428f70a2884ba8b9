// Takes pictures of every page and state into var/shots, to be looked at: `node dev/shots.mjs [name…]`.
import { mkdirSync } from 'node:fs';
import { launch, LOOKS, open, startMock } from '../tests/browser/lib.mjs';

const OUT = new URL('../var/shots/', import.meta.url).pathname;
mkdirSync(OUT, { recursive: true });
const wanted = process.argv.slice(2);

const handled = (mock, test = () => true) =>
  [...mock.center.records.values()].findLast((record) => record.interaction.outcome === 'handled' && test(record)).interaction.id;
const told = async (page) => {
  await page.waitForSelector('[data-event]');
  await page.waitForTimeout(900);
};

const SHOTS = {
  login: async ({ page }) => {
    await page.goto('/login');
    await page.waitForSelector('form');
  },
  'login-wrong': async ({ page }) => {
    await page.goto('/login');
    await page.locator('input').first().fill('sara');
    await page.locator('input').nth(1).fill('nope');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-bad=true] svg');
  },
  'login-locked': async ({ page, mock }) => {
    await page.goto('/login');
    for (let k = 0; k < 5; k++) {
      await page.locator('input').first().fill('sara');
      await page.locator('input').nth(1).fill('nope');
      await page.keyboard.press('Enter');
      await page.waitForTimeout(250);
    }
    void mock;
  },
  'timeline-open': async ({ page, mock }) => {
    const call = [...mock.center.live.values()].find((one) => one.state === 'connected');
    mock.center.lose(call);
    await page.goto(`/interactions/${call.id}`);
    await told(page);
  },
  'board-not-heard': async ({ page, mock }) => {
    await page.goto('/board');
    await page.waitForSelector('[data-agent]');
    mock.center.lose([...mock.center.live.values()].find((one) => one.state === 'connected'));
    mock.center.callForHelp('gita', '112');
    await page.waitForTimeout(2_500);
    await page.locator('header button[data-calm]').click();
    await page.waitForTimeout(600);
  },
  board: async ({ page }) => {
    await page.goto('/board');
    await page.waitForSelector('[data-agent]');
    await page.waitForTimeout(11_000);
  },
  'board-chosen': async ({ page }) => {
    await page.goto('/board');
    await page.waitForSelector('[data-agent]');
    await page.locator('[data-agent]').first().click();
    await page.waitForTimeout(600);
  },
  'board-listening': async ({ page, mock }) => {
    const call = [...mock.center.live.values()].find((one) => one.state === 'connected');
    mock.center.monitor(call.id, 'sara', 'whisper');
    mock.center.answer(call.id, 'sara');
    await page.goto(`/board?interaction=${call.id}`);
    await page.waitForSelector('[data-agent]');
    await page.waitForTimeout(600);
  },
  conferences: async ({ page, mock }) => {
    mock.center.meet();
    await page.goto('/conferences');
    await page.waitForSelector('[data-member]');
    await page.waitForTimeout(300);
  },
  'conferences-none': async ({ page }) => {
    await page.goto('/conferences');
    await page.waitForTimeout(900);
  },
  'board-big': {
    mock: { agents: 420 },
    run: async ({ page }) => {
      await page.goto('/board');
      await page.waitForSelector('[data-agent]');
      await page.waitForTimeout(6_000);
    },
  },
  'board-stale': async ({ page, mock }) => {
    await page.goto('/board');
    await page.waitForSelector('[data-agent]');
    mock.faults.ws = 'off';
    await page.context().setOffline(true);
    await page.evaluate(() => 0);
    mock.drop();
    await page.waitForTimeout(3_500);
  },
  'board-empty': {
    mock: { empty: true },
    run: async ({ page }) => {
      await page.goto('/board');
      await page.waitForTimeout(800);
    },
  },
  'board-alert': async ({ page, mock }) => {
    await page.goto('/board');
    await page.waitForSelector('[data-agent]');
    mock.center.callForHelp('gita', '112');
    mock.center.setTrunk('backup', { state: 'down', why: 'it does not answer OPTIONS', answers_in_ms: null });
    await page.waitForSelector('[data-alert]');
    await page.waitForTimeout(2_500);
  },
  'list-alert': async ({ page, mock }) => {
    await page.goto('/interactions');
    await page.waitForSelector('[data-open]');
    mock.center.callForHelp('gita', '112');
    mock.center.callForHelp('fei', '110');
    await page.locator('header button[data-calm]').click();
    await page.waitForSelector('[data-alert]');
    await page.waitForTimeout(500);
  },
  trunks: async ({ page, mock }) => {
    mock.center.setTrunk('backup', { state: 'down', why: 'it does not answer OPTIONS', answers_in_ms: null });
    mock.center.setTrunk('overseas', { state: 'shaky', why: 'it answers 503 to OPTIONS', address: 'tcp 203.0.113.40:5060', answers_in_ms: 310, calls_out: 4, calls_max: 4, sent: 96, failed: 11 });
    mock.center.setTrunk('city-lines', { state: 'up', registered: false, address: 'udp 192.0.2.9:5060', answers_in_ms: 12 });
    await page.goto('/trunks');
    await page.waitForSelector('[data-trunk]');
    await page.waitForTimeout(600);
  },
  'trunks-empty': {
    mock: { empty: true },
    run: async ({ page }) => {
      await page.goto('/trunks');
      await page.waitForSelector('pre');
      await page.waitForTimeout(300);
    },
  },
  'board-1024': {
    width: 1024,
    run: async ({ page }) => {
      await page.goto('/board');
      await page.waitForSelector('[data-agent]');
      await page.waitForTimeout(800);
    },
  },
  'board-zoom': {
    width: 683,
    height: 384,
    scale: 2,
    run: async ({ page }) => {
      await page.goto('/board');
      await page.waitForSelector('[data-agent]');
      await page.waitForTimeout(800);
    },
  },
  commands: async ({ page, language }) => {
    await page.goto('/board');
    await page.waitForSelector('[data-agent]');
    await page.keyboard.press('Control+k');
    await page.waitForSelector('[role=combobox]');
    await page.keyboard.type(language === 'zh' ? 'zt' : 'a');
    await page.waitForTimeout(300);
  },
  keys: async ({ page }) => {
    await page.goto('/board');
    await page.waitForSelector('[data-agent]');
    await page.keyboard.press('Shift+Slash');
    await page.waitForSelector('[role=dialog]');
    await page.waitForTimeout(300);
  },
  limits: async ({ page }) => {
    await page.goto('/board');
    await page.waitForSelector('[data-agent]');
    await page.locator('#agents-title ~ button').click();
    await page.waitForSelector('[role=dialog] form');
    await page.waitForTimeout(300);
  },
  me: async ({ page }) => {
    await page.goto('/board');
    await page.waitForSelector('[data-agent]');
    await page.locator('header button[aria-haspopup]').last().click();
    await page.waitForSelector('[role=menu]');
    await page.waitForTimeout(300);
  },
  list: async ({ page }) => {
    await page.goto('/interactions');
    await page.waitForSelector('[data-open]');
    await page.waitForTimeout(500);
  },
  'list-range': async ({ page }) => {
    await page.goto('/interactions?when=range&queue=support');
    await page.waitForTimeout(900);
  },
  'list-empty': async ({ page }) => {
    await page.goto('/interactions?number=%220000000%22');
    await page.waitForTimeout(700);
  },
  'list-failed': async ({ page, mock }) => {
    await page.goto('/board');
    await page.waitForSelector('[data-agent]');
    mock.faults.api = 'broken';
    await page.locator('nav a[href="/interactions"]').click();
    await page.waitForTimeout(2_500);
  },
  'list-loading': async ({ page, mock }) => {
    await page.goto('/board');
    await page.waitForSelector('[data-agent]');
    mock.faults.slowMs = 5_000;
    await page.locator('nav a[href="/interactions"]').click();
    await page.waitForTimeout(1_000);
  },
  timeline: async ({ page, mock }) => {
    const id = handled(mock, (record) => record.lines.some((line) => line.kind === 'offered' && line.why.passed_over.length > 1));
    await page.goto(`/interactions/${id}`);
    await told(page);
  },
  'timeline-offer': async ({ page, mock }) => {
    const id = handled(mock, (record) => record.lines.some((line) => line.kind === 'not_taken') && record.lines.some((line) => line.kind === 'held'));
    await page.goto(`/interactions/${id}`);
    await told(page);
    await page.locator('[data-event=offered]').first().click();
    await page.waitForTimeout(400);
  },
  'timeline-sip': async ({ page, mock }) => {
    await page.goto(`/interactions/${handled(mock, (record) => record.lines.some((line) => line.kind === 'held'))}`);
    await told(page);
    await page.locator('#ladder-title').locator('xpath=ancestor::section').locator('button').nth(2).click();
    await page.waitForTimeout(400);
  },
  'timeline-playing': async ({ page, mock }) => {
    await page.goto(`/interactions/${handled(mock)}`);
    await told(page);
    await page.keyboard.press('Space');
    await page.waitForTimeout(3_000);
  },
  'timeline-live': async ({ page, mock }) => {
    const live = [...mock.center.live.values()].find((one) => one.state === 'connected');
    await page.goto(`/interactions/${live.id}`);
    await told(page);
  },
  'timeline-abandoned': async ({ page, mock }) => {
    const record = [...mock.center.records.values()].findLast((one) => one.interaction.outcome === 'abandoned');
    await page.goto(`/interactions/${record.interaction.id}`);
    await told(page);
  },
  'timeline-1024': {
    width: 1024,
    run: async ({ page, mock }) => {
      await page.goto(`/interactions/${handled(mock)}`);
      await told(page);
    },
  },
  'timeline-none': async ({ page }) => {
    await page.goto('/interactions/IX-NOTTHERE');
    await page.waitForTimeout(800);
  },
  'agent-home': {
    user: 'anna',
    run: async ({ page }) => {
      await page.goto('/');
      await page.waitForSelector('[data-open]');
      await page.waitForTimeout(600);
    },
  },
  'agent-state': {
    user: 'anna',
    run: async ({ page }) => {
      await page.goto('/');
      await page.waitForSelector('[data-open]');
      await page.keyboard.press('Alt+r');
      await page.waitForSelector('[role=menu]');
      await page.waitForTimeout(300);
    },
  },
  'agent-recording-paused': {
    user: 'anna',
    run: async ({ page, mock }) => {
      await page.goto('/');
      await page.waitForSelector('[data-open]');
      const call = [...mock.center.live.values()].find((one) => one.state === 'connected' && one.recording);
      call.agent = 'anna';
      Object.assign(mock.center.agents.get('anna'), { state: 'talking', interaction: call.id, since: call.since });
      mock.center.changed.agents.add('anna');
      mock.center.changed.interactions.add(call.id);
      await page.waitForSelector('kbd:text("Alt C")');
      await page.keyboard.press('Alt+c');
      await page.waitForTimeout(900);
    },
  },
  'no-permission': {
    user: 'anna',
    run: async ({ page }) => {
      await page.goto('/board');
      await page.waitForSelector('h1');
      await page.waitForTimeout(300);
    },
  },
  'not-found': async ({ page }) => {
    await page.goto('/nothing/here');
    await page.waitForSelector('h1');
    await page.waitForTimeout(300);
  },
  unreachable: async ({ page, mock }) => {
    mock.faults.api = 'down';
    await page.goto('/board');
    await page.waitForTimeout(2_500);
  },
};

const browser = await launch();
for (const [name, shot] of Object.entries(SHOTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const { run, mock: options, ...look } = typeof shot === 'function' ? { run: shot } : shot;
  for (const { theme, language } of LOOKS.slice(0, 2)) {
    const mock = await startMock({ port: 0, ...options });
    const { context, page } = await open(browser, mock, { user: name.startsWith('login') ? undefined : 'sara', theme, language, ...look });
    try {
      await run({ page, mock, theme, language });
    } catch (error) {
      console.error(`${name} ${theme} ${language}: ${error.message.split('\n')[0]}`);
    }
    await page.screenshot({ path: `${OUT}${name}-${theme}-${language}.png` });
    await context.close();
    mock.close();
  }
  console.log(name);
}
await browser.close();
process.exit(0);
