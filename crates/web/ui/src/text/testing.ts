/** Puts a language in place for unit tests, without the network. */
import { activate, type Language } from './i18n';
import { messages as en } from './generated/en';
import { messages as zh } from './generated/zh';

export const speak = (language: Language): void => activate(language, language === 'zh' ? zh : en);
