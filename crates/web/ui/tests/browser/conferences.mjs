// Conferences in a real browser: who is in them, by hand and by key, and what is shown when there is nothing or nobody answers.
import assert from 'node:assert/strict';
import { control, open } from './lib.mjs';

/** Adds the tests to those that run. */
export function conferenceTests(test, axe) {
  test('a conference is looked after by hand and by key', async ({ browser, mock, complaints }) => {
    const { context, page } = await open(browser, mock, { user: 'sara', complaints });
    await page.goto('/board');
    await page.waitForSelector('[data-agent]');
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await page.waitForURL(/\/conferences$/);
    await page.getByText('Nobody is in a conference just now').waitFor();
    const [ida, wang] = mock.center.meet();
    const row = (member) => page.locator(`[data-member="${member.id}"]`);
    await row(ida).getByText('Speaks').waitFor();
    await row(ida).getByText('Moderator').waitFor();
    await axe(page, 'conferences');

    await row(ida).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('m');
    await row(wang).getByText('Muted').waitFor();
    assert.equal(wang.muted, true);
    await row(wang).getByRole('button', { name: /^Unmute/ }).click();
    await row(wang).getByText('Listens').waitFor();
    await page.getByRole('button', { name: 'Lock', exact: true }).click();
    await page.getByRole('button', { name: 'Locked', pressed: true }).waitFor();
    await row(wang).focus();
    await page.keyboard.press('Delete');
    await row(wang).getByRole('button', { name: 'Once more!' }).waitFor();
    assert.equal(mock.center.conferences[0].members.length, 3, 'one press removes nobody');
    await page.keyboard.press('Delete');
    await row(wang).waitFor({ state: 'detached' });
    assert.equal(mock.center.conferences[0].members.length, 2);
    await context.close();
  });

  test('conferences that cannot be loaded say so, and come again by themselves', async ({ browser, mock, complaints }) => {
    const { context, page } = await open(browser, mock, { user: 'sara', complaints });
    control(mock, { conferences: 'broken' });
    await page.goto('/conferences');
    await page.getByText('The conferences could not be loaded.').waitFor();
    mock.center.meet();
    control(mock, { conferences: 'well' });
    await page.getByRole('region', { name: 'Conference meeting' }).waitFor();
    await context.close();

    const planner = await open(browser, mock, { user: 'paul', complaints });
    await planner.page.goto('/board');
    await planner.page.waitForSelector('[data-agent]');
    assert.equal(await planner.page.getByRole('link', { name: 'Conferences' }).count(), 0);
    await planner.context.close();
  });
}
