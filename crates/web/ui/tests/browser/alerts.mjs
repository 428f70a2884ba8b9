// Alerts and trunks in a real browser: seen on every page, moving nothing, taken notice of by hand and by key.
import assert from 'node:assert/strict';
import { badge, open, ready } from './lib.mjs';

/** Adds the tests to those that run. */
export function alertTests(test) {
  test('an emergency call is seen and told on every page, leads to its story, and goes when notice is taken', async ({ browser, mock, complaints }) => {
    const { context, page } = await open(browser, mock, { user: 'sara', complaints });
    await page.goto('/interactions');
    await ready.list(page);
    const calm = await page.title();
    const icon = () => page.locator('link[rel=icon]').getAttribute('href');
    const plain = await icon();
    const alert = mock.center.callForHelp('gita', '112');
    await page.waitForFunction(() => [...document.querySelectorAll('[role=alert]')].some((one) => one.textContent === 'Emergency call: Gita Rao calls 112.'));
    await badge(page).getByText('Emergency').waitFor();
    assert.equal(await page.title(), `● ${calm}`);
    assert.notEqual(await icon(), plain, 'the icon has the dot too');
    await badge(page).click();
    const row = page.locator(`[role=dialog] [data-alert="${alert.id}"]`);
    await row.getByText('Gita Rao · 1007 · on the line').waitFor();
    await row.getByRole('link', { name: 'Timeline' }).click();
    await page.waitForURL(new RegExp(`/interactions/${alert.interaction}`));
    await page.getByText('Emergency number 112 called').waitFor();
    await page.locator('[data-event=emergency_called]').click();
    assert.match(await page.title(), /^● /);
    await badge(page).click();
    await row.getByRole('button', { name: /^Take notice/ }).click();
    await row.getByText('You have taken notice.').waitFor();
    assert.equal(mock.center.alerts.size, 0);
    assert.doesNotMatch(await page.title(), /●/);
    assert.equal(new URL(await icon(), mock.url).href, new URL(plain, mock.url).href);
    await badge(page).waitFor({ state: 'detached' });
    await context.close();
  });

  test('a caller of whom nothing is heard is told of, behind calls for help, until sound comes again', async ({ browser, mock, complaints }) => {
    const { context, page } = await open(browser, mock, { user: 'sara', complaints });
    await page.goto('/board');
    await ready.board(page);
    const call = [...mock.center.live.values()].find((one) => one.state === 'connected');
    const alert = mock.center.lose(call);
    await badge(page).getByText('Not heard').waitFor();
    const help = mock.center.callForHelp('gita', '112');
    await badge(page).getByText('Emergency').waitFor();
    assert.equal(mock.center.notice(help.id), true);
    await badge(page).getByText('Not heard').waitFor();
    await badge(page).click();
    const row = page.locator(`[role=dialog] [data-alert="${alert.id}"]`);
    await row.getByRole('link', { name: 'Timeline' }).click();
    await page.locator('[data-event=one_way]').getByText('Nothing is heard of Caller').waitFor();
    await page.getByRole('heading', { name: 'Sound now: Caller' }).waitFor();
    await page.getByText('Round trip').waitFor();
    mock.center.findAgain(alert);
    await badge(page).waitFor({ state: 'detached' });
    await context.close();
  });

  test('an alert is taken notice of by the key pressed twice, never by the first press alone', async ({ browser, mock, complaints }) => {
    const { context, page } = await open(browser, mock, { user: 'sara', complaints });
    await page.goto('/board');
    await ready.board(page);
    const [first, second] = [mock.center.callForHelp('gita', '112'), mock.center.callForHelp('fei', '110')];
    const row = (one) => page.locator(`main [data-alert="${one.id}"]`);
    await row(second).waitFor();
    const [older, newer] = await page.locator('main [data-alert]').evaluateAll((all) => all.map((one) => one.dataset.alert));
    // Nobody has read what came this moment.
    await page.keyboard.press('a');
    await page.keyboard.press('a');
    assert.equal(mock.center.alerts.size, 2);
    await page.locator(`main [data-alert="${older}"]`).getByText(/^0:(0[2-9]|[1-5]\d)$/).waitFor();
    await page.keyboard.press('a');
    await page.keyboard.press('j');
    await page.keyboard.press('a');
    assert.equal(mock.center.alerts.size, 2, 'one press, another key, one press');
    await page.keyboard.press('a');
    await page.locator(`main [data-alert="${older}"][data-fate=mine]`).waitFor();
    assert.deepEqual([...mock.center.alerts.keys()], [newer]);
    assert.ok([first.id, second.id].includes(older));
    await context.close();
  });

  test('who was not the first to take notice is told so quietly, and a failure leaves the alert open', async ({ browser, mock, complaints }) => {
    const { context, page } = await open(browser, mock, { user: 'sara', complaints });
    await page.goto('/board');
    await ready.board(page);
    const [gone, taken, open3] = ['gita', 'fei', 'emil'].map((agent) => mock.center.callForHelp(agent, '112'));
    const row = (one) => page.locator(`main [data-alert="${one.id}"]`);
    await row(open3).waitFor();
    mock.center.notice(gone.id);
    await row(gone).getByText('Somebody else has taken notice.').waitFor();
    const before = (await row(taken).boundingBox()).y;
    // Taken while the board has not heard of it.
    mock.center.alerts.delete(taken.id);
    await row(taken).getByRole('button').press('Enter');
    await row(taken).getByText('Somebody else has taken notice.').waitFor();
    assert.equal((await row(taken).boundingBox()).y, before, 'it keeps its place for a moment');
    mock.faults.alerts = 'broken';
    await row(open3).getByRole('button').press('Enter');
    await row(open3).getByText('Not done. Try again.').waitFor();
    assert.ok(mock.center.alerts.has(open3.id));
    mock.faults.alerts = 'on';
    await row(open3).getByRole('button').press('Enter');
    await row(open3).getByText('You have taken notice.').waitFor();
    await row(open3).waitFor({ state: 'detached' });
    await context.close();
  });

  test('the focus is handed on when an alert that has it goes', async ({ browser, mock, complaints }) => {
    const { context, page } = await open(browser, mock, { user: 'sara', complaints });
    await page.goto('/board');
    await ready.board(page);
    const alerts = ['gita', 'fei'].map((agent) => mock.center.callForHelp(agent, '112'));
    const row = (one) => page.locator(`main [data-alert="${one.id}"]`);
    await row(alerts[1]).waitFor();
    const [upper, lower] = (await page.locator('main [data-alert]').evaluateAll((all) => all.map((one) => one.dataset.alert))).map((id) => ({ id }));
    await row(upper).getByRole('link').focus();
    mock.center.notice(upper.id);
    await row(upper).waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => document.activeElement.closest('[data-alert]')?.dataset.alert), lower.id);
    mock.center.notice(lower.id);
    await row(lower).waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
    await context.close();
  });

  test('a trunk that goes down is seen on the board and in the rail, and the page shows it first', async ({ browser, mock, complaints }) => {
    const { context, page } = await open(browser, mock, { user: 'sara', complaints });
    await page.goto('/board');
    await ready.board(page);
    const line = page.locator('main a[href="/trunks"]');
    assert.equal(await line.count(), 0, 'no room is taken while all is well');
    mock.center.setTrunk('carrier', { state: 'down', why: 'it does not answer OPTIONS' });
    await line.getByText('Trunk carrier is down · 1 up · No answer to OPTIONS').waitFor();
    await page.waitForFunction(() => [...document.querySelectorAll('[role=alert]')].some((one) => one.textContent === 'Trunk carrier is down'));
    await page.getByRole('link', { name: 'Trunks: 1 lost' }).waitFor();
    mock.center.setTrunk('backup', { registered: false });
    await line.getByText('Trunks: 1 down, 1 not registered').waitFor();
    await line.click();
    await ready.trunks(page);
    const names = () => page.locator('[data-trunk]').evaluateAll((all) => all.map((one) => one.dataset.trunk));
    assert.deepEqual(await names(), ['carrier', 'backup', 'old-pbx']);
    await page.getByRole('row', { name: /^carrier Down/ }).getByText('No answer to OPTIONS').waitFor();
    await page.getByRole('row', { name: /^old-pbx Not watched/ }).getByText('calls in only').waitFor();
    mock.center.setTrunk('backup', { registered: true });
    mock.center.setTrunk('carrier', { state: 'up', why: null });
    await page.getByRole('link', { name: 'Trunks', exact: true }).waitFor();
    await page.waitForFunction(() => document.querySelector('[data-trunk]').dataset.trunk === 'backup', undefined, { timeout: 8_000 });
    await page.keyboard.press('g');
    await page.keyboard.press('b');
    await ready.board(page);
    await line.waitFor({ state: 'detached' });
    await page.keyboard.press('g');
    await page.keyboard.press('t');
    await ready.trunks(page);
    await context.close();
  });

  test('the trunks are shown without the live connection, and say when they cannot be', async ({ browser, mock, complaints }) => {
    const { context, page } = await open(browser, mock, { user: 'sara', complaints });
    mock.faults.ws = 'off';
    await page.goto('/trunks');
    await ready.trunks(page);
    assert.equal(await page.locator('[data-trunk]').count(), 3);
    await page.goto('/interactions');
    await ready.list(page);
    mock.faults.api = 'broken';
    await page.locator('nav a[href="/trunks"]').click();
    await page.getByText('The trunks could not be loaded.').waitFor();
    mock.faults.api = 'on';
    await page.getByRole('button', { name: 'Try again' }).click();
    await ready.trunks(page);
    for (const id of mock.center.trunks.keys()) mock.center.setTrunk(id, null);
    mock.faults.ws = 'on';
    await page.getByText('There are no trunks yet.').waitFor();
    await context.close();
  });

  test('trunks and alerts are for those who look after them', async ({ browser, mock, complaints }) => {
    mock.center.setTrunk('carrier', { state: 'down' });
    mock.center.callForHelp('gita', '112');
    for (const [user, until, url] of [
      ['anna', ready.list, '/interactions'],
      ['paul', ready.board, '/board'],
    ]) {
      const { context, page } = await open(browser, mock, { user, complaints });
      await page.goto(url);
      await until(page);
      assert.equal(await badge(page).count(), 0);
      assert.equal(await page.locator('a[href="/trunks"]').count(), 0);
      await page.goto('/trunks');
      await page.getByRole('heading', { name: 'You may not open this page' }).waitFor();
      await context.close();
    }
  });

  test('an alert and a lost trunk move nothing, and can be scrolled clear of', async ({ browser, mock, complaints }) => {
    for (const width of [1280, 1920]) {
      const { context, page } = await open(browser, mock, { user: 'sara', width, complaints });
      await page.goto('/board');
      await ready.board(page);
      const places = () =>
        page.evaluate(() =>
          ['#calls-title', '#waiting-title', '#agents-title', 'header button[aria-keyshortcuts="Control+K Meta+K"]', 'header button[aria-haspopup]:last-of-type', 'section[data-on]'].map((one) => {
            const { x, y, width: wide, height } = document.querySelector(one).getBoundingClientRect();
            return [one, x, y, wide, height].join(' ');
          }),
        );
      const before = await places();
      const alert = mock.center.callForHelp('gita', '112');
      mock.center.setTrunk('backup', { state: 'down', why: 'it does not answer OPTIONS' });
      await page.locator(`main [data-alert="${alert.id}"]`).waitFor();
      await page.locator('main a[href="/trunks"]').waitFor();
      assert.deepEqual(await places(), before, `at ${width}`);
      const row = page.locator('#calls [data-row]').last();
      await row.focus();
      const [bottom, top] = await page.evaluate(() => [document.activeElement.getBoundingClientRect().bottom, document.querySelector('section[aria-label=Alerts]').getBoundingClientRect().top]);
      assert.ok(bottom <= top + 1, `the last row is not covered: ${bottom} ${top}`);
      mock.center.setTrunk('backup', { state: 'up', why: null });
      mock.center.notice(alert.id);
      await page.locator(`main [data-alert="${alert.id}"]`).waitFor({ state: 'detached' });
      assert.deepEqual(await places(), before, `after, at ${width}`);
      await context.close();
    }
  });
}
