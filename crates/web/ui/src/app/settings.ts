/** What a person chose on this machine. It is kept in the browser and nowhere else. */
import { create } from 'zustand';
import { LIMITS, type Limits } from '../pages/board/figures';

export type Theme = 'system' | 'light' | 'dark';

interface Settings {
  theme: Theme;
  /** Whether keys without Ctrl or Alt do anything (WCAG 2.1.4). */
  singleKeys: boolean;
  /** Whether alerts are heard. */
  sounds: boolean;
  limits: Limits;
}

const read = (key: string): string | null => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
};

const write = (key: string, value: string | null): void => {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Storage may be forbidden; the choice then holds for this page.
  }
};

function limitsKept(): Limits {
  try {
    const kept = JSON.parse(read('hotline.limits') ?? '{}') as Partial<Record<keyof Limits, unknown>>;
    const one = (name: keyof Limits): number => {
      const value = kept[name];
      return typeof value === 'number' && value > 0 ? value : LIMITS[name];
    };
    return { talking: one('talking'), on_hold: one('on_hold'), wrap_up: one('wrap_up'), not_ready: one('not_ready') };
  } catch {
    return LIMITS;
  }
}

const theme = read('hotline.theme');

export const useSettings = create<Settings>(() => ({
  theme: theme === 'light' || theme === 'dark' ? theme : 'system',
  singleKeys: read('hotline.single-keys') !== 'off',
  sounds: read('hotline.sounds') !== 'off',
  limits: limitsKept(),
}));

export function chooseTheme(next: Theme): void {
  write('hotline.theme', next === 'system' ? null : next);
  if (next === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  useSettings.setState({ theme: next });
}

export function chooseSingleKeys(on: boolean): void {
  write('hotline.single-keys', on ? null : 'off');
  useSettings.setState({ singleKeys: on });
}

export function chooseSounds(on: boolean): void {
  write('hotline.sounds', on ? null : 'off');
  useSettings.setState({ sounds: on });
}

export function chooseLimits(limits: Limits): void {
  write('hotline.limits', JSON.stringify(limits));
  useSettings.setState({ limits });
}
