// The pages in a real browser against the mock: `npm run build && npm run test:browser [words of a test's name]`.
// axe on every page in both themes and languages, the keyboard, layout shifts, loss and return of the connection, load.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { alertTests } from './alerts.mjs';
import { conferenceTests } from './conferences.mjs';
import { supervisionTests } from './supervision.mjs';
import { badge, launch, LOOKS, open, ready, startMock } from './lib.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tests = [];
const test = (name, run, options = {}) => tests.push({ name, run, options });

const lastHandled = (mock, fits = () => true) =>
  [...mock.center.records.values()].findLast((record) => record.interaction.outcome === 'handled' && fits(record)).interaction.id;

async function axe(page, what) {
  // Evaluated through the debugger, which the content security policy does not stop.
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const lines = violations.flatMap((one) => one.nodes.map((node) => `${one.id} (${one.impact}): ${node.target.join(' ')} — ${node.failureSummary?.split('\n')[1]?.trim() ?? ''}`));
  assert.deepEqual(lines, [], what);
}

/** Waits until what moves has come to rest and is drawn. */
const settled = (page) =>
  page.evaluate(async () => {
    const finite = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(finite.map((one) => one.finished));
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  });

/** Lets a page draw so many times. */
const frames = (page, count) =>
  page.evaluate(async (left) => {
    while (left-- > 0) await new Promise(requestAnimationFrame);
  }, count);

/** Waits for something that happens on this side of the connection. */
async function until(holds, limitMs, otherwise) {
  for (const end = Date.now() + limitMs; !holds(); ) {
    assert.ok(Date.now() < end, otherwise);
    await new Promise((done) => setTimeout(done, 50));
  }
}

const shifts = (page) =>
  page.evaluate(
    () =>
      new Promise((done) => {
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
        }).observe({ type: 'layout-shift', buffered: true });
        setTimeout(() => done(sum), 200);
      }),
  );

// --- accessibility ------------------------------------------------------------------------------------------------

for (const { theme, language } of LOOKS) {
  test(`axe finds nothing on any page in ${theme} ${language}`, async ({ browser, mock, complaints }) => {
    const look = { theme, language, complaints, reducedMotion: 'reduce' };
    const guest = await open(browser, mock, look);
    await guest.page.goto('/login');
    await guest.page.waitForSelector('form');
    await axe(guest.page, 'login');
    await guest.page.locator('input').first().fill('sara');
    await guest.page.locator('input').nth(1).fill('wrong');
    await guest.page.keyboard.press('Enter');
    await guest.page.waitForSelector('[data-bad=true] svg');
    await axe(guest.page, 'login refused');
    await guest.context.close();

    const { context, page } = await open(browser, mock, { ...look, user: 'sara' });
    await page.goto('/board');
    await ready.board(page);
    await settled(page);
    await axe(page, 'board');
    await page.locator('[data-agent]').first().click();
    await axe(page, 'board with a chosen agent');
    await page.keyboard.press('Control+k');
    await page.waitForSelector('[role=option]');
    await axe(page, 'command bar');
    await page.keyboard.press('Escape');
    await page.locator('[role=dialog]').waitFor({ state: 'detached' });
    await page.locator('#agents-title ~ button').click();
    await page.waitForSelector('[role=dialog] form');
    await axe(page, 'limits');
    await page.keyboard.press('Escape');
    await page.locator('[role=dialog]').waitFor({ state: 'detached' });
    await page.locator('header button[aria-haspopup]').last().click();
    await page.waitForSelector('[role=menu]');
    await axe(page, 'menu');
    await page.goto('/interactions?when=range');
    await ready.list(page);
    await axe(page, 'interactions');
    await page.goto('/interactions?number=%220000000%22');
    await page.waitForSelector('[role=table] ~ div button');
    await axe(page, 'interactions, none');
    await page.goto(`/interactions/${lastHandled(mock)}`);
    await ready.timeline(page);
    await settled(page);
    await axe(page, 'timeline');
    await page.locator('[data-event=offered]').first().click();
    await axe(page, 'timeline, why');
    await page.locator('section[aria-labelledby=ladder-title] button').first().click();
    await axe(page, 'timeline, message');
    await page.keyboard.press('Shift+Slash');
    await page.waitForSelector('[role=dialog]');
    await axe(page, 'keys');
    mock.center.setTrunk('backup', { state: 'down', why: 'it does not answer OPTIONS' });
    mock.center.setTrunk('overseas', { state: 'shaky', why: 'it answers 503 to OPTIONS', calls_out: 4, calls_max: 4 });
    mock.center.setTrunk('city', { state: 'up', registered: false });
    await page.goto('/trunks');
    await ready.trunks(page);
    await axe(page, 'trunks');
    mock.center.callForHelp('gita', '112');
    mock.center.callForHelp('fei', '110');
    await page.locator('header button[data-calm]').click();
    await page.waitForSelector('[role=dialog] [data-alert]');
    await axe(page, 'alerts behind the badge');
    await page.goto('/board');
    await ready.board(page);
    await page.waitForSelector('main [data-alert]');
    await axe(page, 'board with alerts');
    for (const id of mock.center.alerts.keys()) mock.center.notice(id);
    await page.waitForSelector('main [data-fate=theirs]');
    await axe(page, 'board with alerts that are over');
    for (const id of mock.center.trunks.keys()) mock.center.setTrunk(id, null);
    await page.goto('/trunks');
    await page.waitForSelector('main pre');
    await axe(page, 'no trunks');
    await page.goto('/no/such/page');
    await page.waitForSelector('h1');
    await axe(page, 'not found');
    mock.faults.api = 'broken';
    await page.goto('/board');
    await page.waitForSelector('h1');
    await axe(page, 'not reachable');
    mock.faults.api = 'on';
    await context.close();

    const agent = await open(browser, mock, { ...look, user: 'anna' });
    await agent.page.goto('/interactions');
    await ready.list(agent.page);
    await axe(agent.page, "an agent's page");
    await agent.page.goto('/board');
    await agent.page.waitForSelector('h1');
    await axe(agent.page, 'not allowed');
    await agent.context.close();
  });
}

// --- login --------------------------------------------------------------------------------------------------------

test('a wrong password is refused in a sentence, too many are locked out with a countdown, then one gets in where one wanted', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { complaints });
  await page.goto('/interactions?outcome=abandoned');
  await page.waitForURL(/\/login\?next=/);
  const attempt = async (password) => {
    await page.locator('input').first().fill('sara');
    await page.locator('input').nth(1).fill(password);
    await page.keyboard.press('Enter');
  };
  await attempt('wrong');
  await page.getByText('Login or password is wrong.').waitFor();
  assert.equal(await page.locator('input').nth(1).inputValue(), '', 'the password is emptied');
  for (let n = 0; n < 4; n++) {
    await Promise.all([page.waitForResponse(/\/api\/v1\/login$/), attempt('wrong')]);
  }
  await page.getByText(/Too many tries\. You can try again in 0:\d\d/).waitFor();
  assert.ok(await page.locator('button[type=submit]').isDisabled());
  const first = await page.locator('[role=alert]').textContent();
  await page.waitForFunction((before) => document.querySelector('[role=alert]').textContent !== before, first);
  mock.unlock();
  await page.reload();
  await attempt('demo');
  await page.waitForURL(/\/interactions\?outcome=abandoned/);
  await ready.list(page);
  await context.close();
});

test('a link to another site in ?next= is not followed', async ({ browser, mock, complaints }) => {
  for (const next of ['https://evil.test/', '//evil.test/', '/\\evil.test/']) {
    const { context, page } = await open(browser, mock, { complaints });
    await page.goto(`/login?next=${encodeURIComponent(next)}`);
    await page.locator('input').first().fill('sara');
    await page.locator('input').nth(1).fill('demo');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${mock.url}/board`);
    await context.close();
  }
});

test('who loses the session is asked to log in and comes back to the same place', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  await page.goto('/interactions');
  await ready.list(page);
  await context.clearCookies();
  await page.locator('[data-open]').first().click();
  await page.waitForURL(/\/login\?/);
  await page.getByText('Your session has ended.').waitFor();
  await page.locator('input').first().fill('sara');
  await page.locator('input').nth(1).fill('demo');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/interactions\/IX-/);
  await ready.timeline(page);
  await context.close();
});

test('logging out forgets everything', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  await page.goto('/board');
  await ready.board(page);
  await page.locator('header button[aria-haspopup]').last().click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await page.waitForURL(`${mock.url}/login`);
  await page.goto('/board');
  await page.waitForURL(/\/login/);
  await context.close();
});

// --- board --------------------------------------------------------------------------------------------------------

test('a call that arrives is seen on the board, and goes when it ends', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  await page.goto('/board');
  await ready.board(page);
  const before = new Set(mock.center.live.keys());
  await page.waitForFunction(
    (known) => [...document.querySelectorAll('[data-row]')].some((row) => !known.includes(row.dataset.row)),
    [...before],
    { timeout: 90_000 },
  );
  const seen = await page.evaluate((known) => [...document.querySelectorAll('[data-row]')].map((row) => row.dataset.row).find((id) => !known.includes(id)), [...before]);
  assert.ok(mock.center.records.has(seen), 'what is shown exists');
  await context.close();
});

test('what waits says why, and each figure leads to what it was counted from', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  await page.goto('/board');
  await ready.board(page);
  await page.getByLabel(/^Abandoned today.*show what it is made of/).click();
  await page.waitForURL(/outcome=abandoned/);
  await ready.list(page);
  const listed = await page.locator('[data-open]').count();
  assert.ok(listed > 0);
  await page.goBack();
  await ready.board(page);
  await page.getByLabel(/^Waiting: show/).click();
  await page.waitForURL(/#waiting$/);
  await context.close();
});

test('the connection that is lost leaves the board in place, says so, and comes back with the truth', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  await page.goto('/board');
  await ready.board(page);
  mock.faults.ws = 'off';
  mock.drop();
  await page.getByText('Not live').waitFor();
  await page.getByText(/The live connection is lost/).waitFor();
  assert.ok((await page.locator('[data-agent]').count()) > 0, 'what was shown stays');
  assert.equal(await page.locator('[data-stale=true]').count(), 1);
  const agent = [...mock.center.agents.values()].find((one) => one.state === 'ready' || one.state === 'not_ready');
  mock.center.agents.delete(agent.id);
  mock.faults.ws = 'on';
  await page.getByText('Connect now').click();
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByText(/The live connection is lost/).waitFor({ state: 'detached' });
  await page.waitForFunction((id) => !document.querySelector(`[data-agent="${id}"]`), agent.id);
  await context.close();
});

test('a connection that falls silent is found out', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  await page.goto('/board');
  await ready.board(page);
  const before = mock.connections();
  mock.faults.ws = 'silent';
  await until(() => mock.connections() > before, 16_000, 'it was not opened again');
  await context.close();
});

test('500 agents and 500 changes a second are drawn without holding the page up', async ({ browser, complaints }) => {
  const mock = await startMock({ port: 0, agents: 500, storm: 500, tickMs: 100 });
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  await page.goto('/board');
  await ready.board(page);
  await settled(page);
  const devtools = await context.newCDPSession(page);
  await devtools.send('Performance.enable');
  const figures = async () => Object.fromEntries((await devtools.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]));
  // As long as fifty rounds of changes take to come and be drawn.
  const rounds = 50;
  const from = await figures();
  const first = mock.rounds();
  await until(() => mock.rounds() >= first + rounds, 60_000, 'the changes do not come');
  const to = await figures();
  const seconds = to.Timestamp - from.Timestamp;
  const of = (name) => (to[name] - from[name]) / seconds;
  // Painting is left out: without a graphics card it is done by the processor, and says more about the machine.
  const share = of('ScriptDuration') + of('LayoutDuration') + of('RecalcStyleDuration');
  const frames = await page.evaluate(
    () =>
      new Promise((done) => {
        let [count, longest, last] = [0, 0, performance.now()];
        const end = last + 5_000;
        const run = (now) => {
          count += 1;
          longest = Math.max(longest, now - last);
          last = now;
          if (now < end) requestAnimationFrame(run);
          else done({ count, longest });
        };
        requestAnimationFrame(run);
      }),
  );
  const tiles = await page.locator('[data-agent]').count();
  console.log(`    ${Math.round(frames.count / 5)} frames a second, longest ${Math.round(frames.longest)} ms, script, style and layout ${(share * 100).toFixed(1)} % of the main thread, ${tiles} tiles drawn of 500`);
  assert.ok(tiles < 200, 'only what is on screen is drawn');
  // The machine may be busy with other things; a page that redraws everything is far over this.
  assert.ok(share < 0.4, `main thread ${share}`);
  await context.close();
  mock.close();
}, { own: true });

// --- alerts and trunks --------------------------------------------------------------------------------------------

alertTests(test);
supervisionTests(test);
conferenceTests(test, axe);

test('an alert is heard once, in one of two tabs, and not at all when the sound is off', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  await context.addInitScript(() => {
    globalThis.notes = 0;
    const make = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function count() {
      globalThis.notes += 1;
      return make.call(this);
    };
  });
  const other = await context.newPage();
  const notes = async () => (await Promise.all([page, other].map((one) => one.evaluate(() => globalThis.notes)))).reduce((sum, one) => sum + one, 0);
  await context.clock.install();
  for (const one of [page, other]) {
    await one.goto('/interactions');
    await ready.list(one);
    await one.locator('main').click({ position: { x: 5, y: 5 } });
  }
  mock.center.callForHelp('gita', '112');
  for (const one of [page, other]) await badge(one).getByText('Emergency').waitFor();
  // The second tab has heard of it by now, and would have begun within this time.
  await context.clock.runFor(1_000);
  assert.equal(await notes(), 3);
  await page.bringToFront();
  await page.locator('header button[aria-haspopup]').last().click();
  await page.getByRole('menuitemcheckbox', { name: 'Sound of an alert' }).click();
  await page.keyboard.press('Escape');
  await other.close();
  const own = () => page.evaluate(() => globalThis.notes);
  const before = await own();
  mock.center.callForHelp('fei', '110');
  await badge(page).getByText('+1').waitFor();
  await context.clock.runFor(1_000);
  assert.equal(await own(), before, 'nothing more is heard');
  await context.close();
});

test('the order of the trunks is held while somebody is at them', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  await page.clock.install();
  await page.goto('/trunks');
  await ready.trunks(page);
  await page.locator('[data-trunk=backup]').hover();
  mock.center.setTrunk('old-pbx', { state: 'down', why: 'it cannot be reached' });
  await page.getByRole('row', { name: /^old-pbx Down/ }).waitFor();
  // Longer than the order stays otherwise.
  for (let n = 0; n < 12; n++) {
    await page.mouse.move(400 + n, 100);
    await page.clock.runFor(500);
  }
  const last = () => page.locator('[data-trunk]').last().getAttribute('data-trunk');
  assert.equal(await last(), 'old-pbx');
  await page.mouse.move(400, 700);
  await page.mouse.move(400, 20);
  await page.waitForFunction(() => document.querySelector('[data-trunk]').dataset.trunk === 'old-pbx', undefined, { timeout: 8_000 });
  await context.close();
});

// --- layout -------------------------------------------------------------------------------------------------------

test('nothing jumps: layout shifts stay under 0.02 on every page', async ({ browser, complaints }) => {
  const mock = await startMock({ port: 0, storm: 10 });
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  await page.clock.install();
  let heard = 0;
  page.on('websocket', (socket) => socket.on('framereceived', () => (heard += 1)));
  for (const [name, url, shown, changes] of [
    ['board', '/board', ready.board, 30],
    ['interactions', '/interactions', ready.list, 5],
    ['timeline', `/interactions/${lastHandled(mock)}`, ready.timeline, 0],
    ['trunks', '/trunks', ready.trunks, 5],
  ]) {
    heard = 0;
    await page.goto(url);
    await shown(page);
    await until(() => heard >= changes, 30_000, `${name}: only ${heard} changes`);
    // What is drawn a little later, is drawn now; orders change every five seconds.
    await page.clock.runFor(6_000);
    await settled(page);
    const sum = await shifts(page);
    console.log(`    ${name}: ${sum.toFixed(4)}`);
    assert.ok(sum < 0.02, `${name}: ${sum}`);
  }
  await context.close();
  mock.close();
}, { own: true });

test('nothing is cut off sideways at 1024, 1366, 1920 and at 200 % zoom', async ({ browser, mock, complaints }) => {
  for (const [width, height, ...languages] of [
    [1024, 768, 'en', 'zh'],
    [1280, 800, 'en'],
    [1366, 768, 'en'],
    [1920, 1080, 'zh'],
    [683, 384, 'en', 'zh'],
  ]) {
    for (const language of languages) {
      const { context, page } = await open(browser, mock, { user: 'sara', width, height, language, complaints });
      for (const [url, until] of [
        ['/board', ready.board],
        ['/interactions', ready.list],
        [`/interactions/${lastHandled(mock)}`, ready.timeline],
        ['/trunks', ready.trunks],
      ]) {
        await page.goto(url);
        await until(page);
        const over = await page.evaluate(() => {
          const main = document.querySelector('main');
          const queues = [...document.querySelectorAll('section [role=table]')].map((table) => table.scrollWidth - table.clientWidth);
          return [document.documentElement.scrollWidth - innerWidth, main.scrollWidth - main.clientWidth, ...queues];
        });
        assert.ok(over.every((px) => px <= 0), `${url} ${width} ${language}: ${over}`);
      }
      await context.close();
    }
  }
});

// --- keyboard -----------------------------------------------------------------------------------------------------

test('everything is reached by keyboard: commands, pages, lists, tiles, timeline', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  await page.goto('/board');
  await ready.board(page);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('href')), '#main', 'the first stop skips to the page');

  await page.keyboard.press('Control+k');
  await page.waitForSelector('[role=combobox]');
  await page.keyboard.type('interactions');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/interactions/);
  await ready.list(page);

  await page.locator('[role=dialog]').waitFor({ state: 'detached' });
  await page.keyboard.press('j');
  await page.waitForFunction(() => document.activeElement.dataset.open);
  const first = await page.evaluate(() => document.activeElement.dataset.open);
  await page.keyboard.press('j');
  await page.waitForFunction((before) => document.activeElement.dataset.open && document.activeElement.dataset.open !== before, first);
  const second = await page.evaluate(() => document.activeElement.dataset.open);
  assert.equal(second, await page.locator('[data-open]').nth(1).getAttribute('data-open'), 'J goes to the next row');
  await page.keyboard.press('k');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/interactions\/IX-/);
  await ready.timeline(page);

  await page.keyboard.press('g');
  await page.keyboard.press('b');
  await page.waitForURL(/\/board/);
  await ready.board(page);
  await page.locator('[data-agent]').first().focus();
  const from = await page.evaluate(() => document.activeElement.dataset.agent);
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction((before) => document.activeElement.dataset.agent && document.activeElement.dataset.agent !== before, from);
  const at = await page.evaluate(() => document.activeElement.dataset.agent);
  assert.ok(at, 'an arrow leads to another tile');
  await page.keyboard.press(' ');
  await page.waitForURL(new RegExp(`agent=${at}`));
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => !location.search.includes('agent='));
  await page.keyboard.press('3');
  await page.waitForURL(/state=talking/);
  await page.keyboard.press('3');
  await page.waitForFunction(() => !location.search.includes('state='));
  await page.keyboard.press('Shift+Slash');
  await page.getByRole('dialog', { name: 'All keys' }).waitFor();
  await page.keyboard.press('Escape');
  await context.close();
});

test('the timeline is walked and heard by keyboard, and one cursor joins all', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  await page.goto(`/interactions/${lastHandled(mock, (record) => record.interaction.recordings[0]?.length_ms > 20_000)}`);
  await ready.timeline(page);
  await page.waitForSelector('canvas');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  assert.equal(await page.locator('ol [aria-current=true]').count(), 1);
  await page.locator('[data-event=offered]').first().click();
  await page.getByRole('heading', { name: /^Why / }).waitFor();
  await page.getByRole('heading', { name: 'Passed over' }).waitFor();
  await page.locator('section[aria-labelledby=ladder-title] button').nth(1).click();
  assert.match(await page.locator('pre').textContent(), /^SIP\/2\.0 100 Trying\n/);
  await page.locator('h2').first().click();
  await page.keyboard.press('Space');
  await page.waitForFunction(() => {
    const range = document.querySelector('input[type=range]');
    return Number(range.value) > 700;
  });
  await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
  const stopped = Number(await page.locator('input[type=range]').inputValue());
  // A second later it is still there; were only the button another one, the next step would begin further on.
  await frames(page, 60);
  assert.equal(Number(await page.locator('input[type=range]').inputValue()), stopped, 'what is paused stands still');
  const range = 'input[type=range]';
  await page.keyboard.press(']');
  await page.waitForFunction(([field, before]) => Number(document.querySelector(field).value) > before + 1_000, [range, stopped]);
  const later = Number(await page.locator('input[type=range]').inputValue());
  assert.ok(later - stopped > 4_500 && later - stopped < 5_600, `] goes five seconds on: ${later - stopped}`);
  await page.keyboard.press('[');
  await page.waitForFunction(([field, before]) => Number(document.querySelector(field).value) < before - 1_000, [range, later]);
  assert.ok(Math.abs(Number(await page.locator('input[type=range]').inputValue()) - stopped) < 600, '[ goes back');
  await page.getByText('Caller', { exact: true }).last().click();
  assert.ok(await page.getByRole('radio', { name: 'Caller' }).isChecked());
  await context.close();
});

test('sound that plays leaves the overview in place, and an opened event has a way back', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  await page.goto(`/interactions/${lastHandled(mock, (record) => record.interaction.recordings[0]?.length_ms > 20_000)}`);
  await ready.timeline(page);
  await page.getByRole('button', { name: 'Play' }).click();
  await page.waitForFunction(() => Number(document.querySelector('input[type=range]').value) > 500);
  assert.equal(await page.locator('ol [aria-current=true]').count(), 1, 'the event that is heard is marked');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.locator('[data-event=offered]').first().click();
  await page.getByRole('heading', { name: /^Why / }).waitFor();
  await page.getByRole('button', { name: 'Back to the overview' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.locator('section[aria-labelledby=ladder-title] button').first().click();
  const [wide, shown] = await page.locator('pre').evaluate((node) => [node.scrollWidth, node.clientWidth]);
  assert.ok(wide <= shown, 'a message is not cut');
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await context.close();
});

test('a wrong number and a recording that failed read as what they are', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  const wrong = mock.center.turnAway('15551234', '4999');
  const lost = mock.center.loseRecording(lastHandled(mock), `the recording file /${'srv/hotline/recordings/'.repeat(4)}x.part cannot be used: no space is left`);
  await page.goto('/interactions');
  await page.locator(`[data-open="${wrong.id}"]`).waitFor();
  await page.getByRole('row', { name: /15551234/ }).getByText('4999').waitFor();
  await page.goto(`/interactions/${wrong.id}`);
  await page.getByText('Nobody has this number').waitFor();
  await page.getByText('by trunk carrier').waitFor();
  assert.equal(await page.title(), '15551234 · Timeline · Demo center');
  assert.equal(await page.getByText('Something went wrong').count(), 0);
  assert.equal(await page.getByRole('list', { name: 'Caller' }).count(), 1, 'the caller has a lane');
  const top = async () => (await page.locator('#events-title').boundingBox()).y;
  const alone = await top();
  await page.goto(`/interactions/${lost.id}`);
  await page.getByText('The recording failed. There is nothing to hear.').waitFor();
  assert.equal(await top(), alone, 'a second lane moves nothing');
  const [wide, shown] = await page.locator('section[aria-labelledby=events-title] ol').evaluate((node) => [node.scrollWidth, node.clientWidth]);
  assert.ok(wide <= shown, 'a long path wraps');
  await context.close();
});

test('English quotes are no wider than a letter, whatever font the letters come from', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  await page.goto('/board');
  await ready.board(page);
  const widths = await page.evaluate(() =>
    ['\u201c', '\u2019', '\u00b7'].map((mark) => {
      const node = document.createElement('span');
      node.textContent = mark;
      document.body.append(node);
      const { width } = node.getBoundingClientRect();
      node.remove();
      return width / 13;
    }),
  );
  assert.ok(widths.every((width) => width > 0 && width < 0.7), String(widths));
  await context.close();
});

test('keys do nothing while somebody types or an input method composes', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  await page.clock.install();
  await page.goto('/interactions');
  await ready.list(page);
  await page.locator('form input').last().click();
  await page.keyboard.type('gb?j');
  await page.clock.runFor(1_000);
  assert.match(page.url(), /\/interactions/);
  assert.equal(await page.locator('[role=dialog]').count(), 0);
  await page.locator('form input').last().fill('');
  await page.keyboard.press('Control+k');
  await page.waitForSelector('[role=combobox]');
  await page.keyboard.type('board');
  await page.locator('[role=combobox]').evaluate((field) => {
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', code: 'Enter', bubbles: true, cancelable: true, isComposing: true }));
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', code: 'Enter', keyCode: 229, bubbles: true, cancelable: true }));
  });
  await page.clock.runFor(1_000);
  assert.match(page.url(), /\/interactions/, 'the Enter that picks a candidate opens nothing');
  assert.equal(await page.locator('[role=combobox]').count(), 1);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/board/);
  await context.close();
});

test('single keys can be switched off', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  await page.clock.install();
  await page.goto('/board');
  await ready.board(page);
  await page.locator('header button[aria-haspopup]').last().click();
  await page.getByRole('menuitemcheckbox', { name: 'Single-key shortcuts' }).click();
  await page.keyboard.press('Escape');
  await page.locator('[role=menu]').waitFor({ state: 'detached' });
  await page.keyboard.press('3');
  await page.clock.runFor(1_000);
  assert.doesNotMatch(page.url(), /state=/);
  await context.close();
});

// --- the agent ----------------------------------------------------------------------------------------------------

test('an agent changes the own state, by mouse and by keyboard', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'anna', complaints });
  const me = mock.center.agents.get('anna');
  for (const other of mock.center.agents.values()) other.queues = other.queues.filter((queue) => queue !== 'nothing');
  me.queues = [];
  mock.center.wish('anna', 'not_ready', 'lunch');
  Object.assign(me, { state: 'not_ready', interaction: null, reason: 'lunch', next: null });
  await page.goto('/');
  await page.waitForURL(/\/interactions/);
  await page.getByRole('button', { name: /Not ready/ }).waitFor();
  await page.keyboard.press('Alt+r');
  await page.getByRole('menuitem', { name: 'Ready', exact: true }).click();
  await page.getByRole('button', { name: /^Ready/ }).waitFor();
  assert.equal(me.state, 'ready');
  await page.keyboard.press('Alt+r');
  await page.getByRole('menuitem', { name: 'meeting' }).click();
  await page.getByRole('button', { name: /Not ready/ }).waitFor();
  assert.deepEqual([me.state, me.reason], ['not_ready', 'meeting']);
  await page.getByText('No call.').waitFor();
  await context.close();
});

test('an agent sees who calls while the phone rings, and the timeline is offered from the talk on', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'anna', complaints });
  const refused = [];
  page.on('response', (response) => response.status() >= 400 && refused.push(response.url()));
  const asked = [];
  page.on('request', (request) => request.url().includes('/timeline') && asked.push(request.url()));
  const me = mock.center.agents.get('anna');
  Object.assign(me, { state: 'ready', interaction: null, reason: null, until: null, next: null });
  await page.goto('/interactions');
  const strip = page.getByRole('region', { name: 'My call' });
  await strip.getByText('No call.').waitFor();
  const before = Date.now();
  const call = mock.center.ring('anna', { number: '+14155550123', display: 'Maria Jansen' });
  await strip.getByText('Maria Jansen').waitFor();
  assert.ok(Date.now() - before < 1_000, 'at once, not when it is asked for next');
  await strip.getByText('+1 415 555 0123 · support').waitFor();
  await strip.getByText('Reserved').waitFor();
  assert.equal(await strip.getByRole('link').count(), 0, 'no timeline while it rings');
  assert.equal(await page.locator(`[data-open="${call.id}"]`).count(), 0);
  mock.center.take(call);
  await strip.getByText('Talking').waitFor();
  await strip.getByText('Recording now').waitFor();
  await strip.getByRole('button', { name: 'Pause recording' }).waitFor();
  await page.keyboard.press('Alt+c');
  await strip.getByText('Recording paused').waitFor();
  await page.keyboard.press('Alt+c');
  await strip.getByText('Recording now').waitFor();
  await page.locator(`[data-open="${call.id}"]`).waitFor({ timeout: 3_000 });
  assert.deepEqual([asked, refused], [[], []]);
  await strip.getByRole('link', { name: 'Timeline' }).click();
  await ready.timeline(page);
  assert.deepEqual(refused, []);
  await context.close();
});

test('who may not open the board is told so, and the rail does not offer it', async ({ browser, mock, complaints }) => {
  const agent = await open(browser, mock, { user: 'anna', complaints });
  await agent.page.goto('/board');
  await agent.page.getByRole('heading', { name: 'You may not open this page' }).waitFor();
  assert.equal(await agent.page.locator('nav a[href="/board"]').count(), 0);
  await agent.context.close();
  const planner = await open(browser, mock, { user: 'paul', complaints });
  await planner.page.goto('/');
  await planner.page.waitForURL(/\/board/);
  await ready.board(planner.page);
  assert.equal(await planner.page.locator('a[href^="/interactions"]').count(), 0, 'no link leads where a planner may not go');
  await planner.context.close();
});

// --- faults -------------------------------------------------------------------------------------------------------

test('a server that is away has a page of its own, which tries again by itself', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  mock.faults.api = 'down';
  await page.goto('/board');
  await page.getByRole('heading', { name: 'The server does not answer' }).waitFor();
  mock.faults.api = 'on';
  await ready.board(page).catch(() => assert.fail('it did not come back by itself'));
  await context.close();
});

test('a list that cannot be loaded says why and can be asked again', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  await page.goto('/board');
  await ready.board(page);
  mock.faults.api = 'broken';
  await page.locator('nav a[href="/interactions"]').click();
  await page.getByText('The database cannot be reached.').waitFor();
  mock.faults.api = 'on';
  await page.getByRole('button', { name: 'Try again' }).click();
  await ready.list(page);
  await context.close();
});

test('an interaction that is not there, or not mine, is an answer and no crash', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { user: 'sara', complaints });
  await page.goto('/interactions/IX-0000000000000');
  await page.getByText(/There is no interaction IX-0000000000000/).waitFor();
  await context.close();
});

test('the language and the theme are switched in place and kept', async ({ browser, mock, complaints }) => {
  const { context, page } = await open(browser, mock, { complaints });
  await page.goto('/login');
  await page.getByRole('button', { name: '中文' }).click();
  await page.getByRole('heading', { name: '登录' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-CN');
  await page.getByRole('button', { name: '切换明暗' }).click();
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(15, 19, 24)');
  await page.reload();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  await context.close();
});

test('the first load is within its budget', () => {
  const out = execFileSync(process.execPath, [path.join(here, '../../scripts/size.mjs')], { encoding: 'utf8' });
  console.log(`    ${out.trim().split('\n').at(-1).trim()}`);
});

// ------------------------------------------------------------------------------------------------------------------

const words = process.argv.slice(2);
const chosen = tests.filter(({ name }) => words.every((word) => name.includes(word)));
const browser = await launch();
let failed = 0;
for (const { name, run, options } of chosen) {
  const mock = options.own ? undefined : await startMock({ port: 0 });
  const complaints = [];
  const began = Date.now();
  try {
    await run({ browser, mock, complaints });
    assert.deepEqual(complaints, [], 'nothing was complained about in the console');
    console.log(`ok   ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}\n     ${String(error.message).slice(0, 3000).replaceAll('\n', '\n     ')}\n     ${complaints.slice(0, 5).join('\n     ')}`);
  }
  for (const context of browser.contexts()) await context.close();
  mock?.close();
}
await browser.close();
console.log(failed === 0 ? `\n${chosen.length} browser tests passed.` : `\n${failed} of ${chosen.length} browser tests failed.`);
process.exit(failed === 0 ? 0 : 1);
