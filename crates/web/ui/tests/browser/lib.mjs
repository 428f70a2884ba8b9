// What the browser tests and the pictures share: the system's Chromium, a mock, a page in a theme and a language.
import { chromium } from 'playwright-core';
import { startMock } from '../../dev/mock.mjs';

export const LOOKS = [
  { theme: 'light', language: 'en' },
  { theme: 'dark', language: 'zh' },
  { theme: 'dark', language: 'en' },
  { theme: 'light', language: 'zh' },
];

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--autoplay-policy=no-user-gesture-required', '--mute-audio'],
  });

/** Nobody expected this; a test fails when there is one. */
export function listen(page, complaints) {
  page.on('pageerror', (error) => complaints.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    const text = message.text();
    // The browser reports every refused request; whether it should have been refused is tested where it matters.
    if (/Failed to load resource|WebSocket connection to .* failed|net::ERR_/.test(text)) return;
    complaints.push(`console: ${text}`);
  });
}

export async function open(browser, mock, { theme = 'light', language = 'en', user, width = 1366, height = 768, scale = 1, complaints = [], reducedMotion = 'no-preference' } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: scale,
    colorScheme: theme,
    locale: language === 'zh' ? 'zh-CN' : 'en-GB',
    timezoneId: 'Asia/Shanghai',
    reducedMotion,
    baseURL: mock.url,
  });
  await context.addInitScript((chosen) => localStorage.setItem('hotline.language', chosen), language);
  if (user) await context.addCookies([{ name: 'hotline_session', value: user, url: mock.url, httpOnly: true, sameSite: 'Strict' }]);
  const page = await context.newPage();
  listen(page, complaints);
  return { context, page };
}

/** Waits until a page shows what it is for. */
export const ready = {
  board: (page) => page.waitForSelector('[data-agent]'),
  list: (page) => page.waitForSelector('[data-open]'),
  timeline: (page) => page.waitForSelector('[data-event]'),
  trunks: (page) => page.waitForSelector('[data-trunk]'),
};

/** The alerts in the top bar. */
export const badge = (page) => page.locator('header button[data-calm]');

export const control = (mock, wish) => Object.assign(mock.faults, wish);

export { startMock };
