import { describe, expect, it } from 'vitest';
// The build's own check, tested where it is easiest to break.
import { argumentsOf, complaints } from '../../scripts/catalogs.mjs';
import en from './locales/en.json';
import zh from './locales/zh.json';

describe('the catalogs', () => {
  it('hold the same messages with the same arguments in both languages', () => {
    expect(complaints({ en, zh }, undefined)).toEqual([]);
  });

  it('are refused when a language lacks a message', () => {
    expect(complaints({ en: { a: 'A', b: 'B' }, zh: { a: '甲' } }, undefined)).toEqual(['zh lacks b']);
    expect(complaints({ en: { a: 'A' }, zh: { a: '甲', b: '乙' } }, undefined)).toEqual(['en lacks b']);
  });

  it('are refused when a message is empty or its arguments differ', () => {
    expect(complaints({ en: { a: '{n} calls' }, zh: { a: '通话' } }, undefined)).toEqual([
      'a: en has the arguments "n", zh has ""',
    ]);
    expect(complaints({ en: { a: 'A' }, zh: { a: ' ' } }, undefined)).toEqual(['zh has nothing under a']);
  });

  it('are refused when nothing uses a message', () => {
    expect(complaints({ en: { a: 'A' }, zh: { a: '甲' } }, { has: () => false })).toEqual(['nothing uses a']);
  });

  it('know a plural argument as a number', () => {
    expect([...argumentsOf(['x', ['n', 'plural', { one: ['#'], other: ['#', ['who']] }]])]).toEqual([
      ['n', 'number'],
      ['who', 'string'],
    ]);
  });

  it('write Chinese in Chinese: no message is the English one, except names', () => {
    const same = Object.keys(en).filter((name) => en[name as keyof typeof en] === zh[name as keyof typeof zh]);
    expect(same).toEqual(['events.kind.sip']);
  });
});
