/** The language of the page: compiled catalogs on the Lingui runtime, loaded one at a time. */
import { setupI18n, type Messages } from '@lingui/core';
import { useMemo } from 'react';
import { create } from 'zustand';
import type { MessageArguments } from './generated/messages';

export type Language = 'en' | 'zh';
export type MessageName = keyof MessageArguments;
type Args<K extends MessageName> = MessageArguments[K] extends undefined ? [] : [MessageArguments[K]];
export type Translate = <K extends MessageName>(name: K, ...args: Args<K>) => string;

/** The full tags: for `lang` attributes, for Intl, and for the controls, whose own English texts are taken for any English. */
export const TAGS: Record<Language, string> = { en: 'en-GB', zh: 'zh-CN' };

const KEY = 'hotline.language';
const engine = setupI18n();
const loaders: Record<Language, () => Promise<{ messages: Messages }>> = {
  en: () => import('./generated/en'),
  zh: () => import('./generated/zh'),
};

interface LanguageState {
  language: Language;
}

export const useLanguageStore = create<LanguageState>(() => ({ language: 'en' }));

export const language = (): Language => useLanguageStore.getState().language;

/** What the person chose, else what the browser asks for. */
export function preferredLanguage(): Language {
  try {
    const chosen = localStorage.getItem(KEY);
    if (chosen === 'en' || chosen === 'zh') return chosen;
  } catch {
    // Storage may be forbidden.
  }
  return navigator.languages.some((tag) => tag.toLowerCase().startsWith('zh')) ? 'zh' : 'en';
}

/** Loads a catalog, then switches to it. */
export async function switchLanguage(next: Language, remember: boolean): Promise<void> {
  const { messages } = await loaders[next]();
  activate(next, messages);
  if (!remember) return;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Kept for this page only.
  }
}

/** Switches to a catalog that is here already; tests use it without the network. */
export function activate(next: Language, messages: Messages): void {
  engine.loadAndActivate({ locale: TAGS[next], messages });
  if (typeof document !== 'undefined') document.documentElement.lang = TAGS[next];
  useLanguageStore.setState({ language: next });
}

/** A message outside of React; inside, `useT` draws again when the language changes. */
export const t: Translate = (name, ...args) => engine._(name, args[0] as Record<string, unknown> | undefined);

export function useT(): Translate {
  const current = useLanguageStore((state) => state.language);
  // A new function per language, so that whatever is remembered by it is made anew.
  return useMemo<Translate>(() => {
    void current;
    return (name, ...args) => t(name, ...args);
  }, [current]);
}
