import { beforeEach, describe, expect, it } from 'vitest';
import type { OfferWhy, PassedOver, WaitWhy } from '../api/types';
import { eventTitle, eventWhy, originWords } from './events';
import { asIs, causeOf, notReadyReason, whoPassedOver, whyNow, whyOffered, whySkills, whyTrunk, whyWaiting } from './sentences';
import { speak } from './testing';

const offer = (more: Partial<OfferWhy> = {}): OfferWhy => ({
  queue: 'support',
  rule: 'longest_idle',
  idle_ms: 514_000,
  candidates: 3,
  waited_ms: 37_000,
  position: 1,
  priority: 0,
  skills: [],
  passed_over: [],
  ...more,
});
const passed: PassedOver[] = [
  { agent: 'bert', code: 'idle_less', idle_ms: 130_000 },
  { agent: 'chen', code: 'lacks', skill: 'english', needed: 3, has: 2 },
  { agent: 'dora', code: 'lacks', skill: 'chinese', needed: 1, has: 0 },
  { agent: 'emil', code: 'asked_before' },
];

describe('why an interaction waits', () => {
  it('is told for every reason, in both languages', () => {
    const reasons: WaitWhy[] = [
      { code: 'nobody_logged_in' },
      { code: 'nobody_fits', skill: 'chinese', needed: 3 },
      { code: 'all_busy', talking: 4, wrap_up: 1, not_ready: 2 },
      { code: 'all_busy', talking: 0, wrap_up: 0, not_ready: 0 },
    ];
    speak('en');
    expect([...reasons.map(whyWaiting), whyWaiting(null)]).toEqual([
      'Nobody who serves this queue is logged in',
      'Nobody logged in has chinese at level 3',
      'Everyone who fits is busy: 4 talking, 1 in wrap-up, 2 not ready',
      'Everyone who fits is busy',
      'being offered',
    ]);
    speak('zh');
    expect([...reasons.map(whyWaiting), whyWaiting(null)]).toEqual([
      '该队列没有坐席登录',
      '登录的坐席中没有人具备 chinese 3 级',
      '合适的坐席都在忙：4 人通话、1 人话后处理、2 人未就绪',
      '合适的坐席都在忙',
      '正在呈现',
    ]);
  });

  it('is said to be unknown when a newer server gives a newer reason', () => {
    speak('en');
    expect(whyWaiting({ code: 'full_moon' } as unknown as WaitWhy)).toBe('The reason is not known to this page');
  });
});

describe('where a call came from', () => {
  it('is told in words, and as it is when it is something new', () => {
    speak('en');
    expect(['trunk:carrier', 'user:1001', 'web'].map(originWords)).toEqual(['trunk carrier', 'user 1001', 'web']);
    const arrived = { at: 1, kind: 'arrived' as const, leg: 'L', from: { number: '1001' }, to: '4001', origin: 'trunk:carrier' };
    expect(eventWhy(arrived, asIs)).toEqual(['by trunk carrier']);
    speak('zh');
    expect(originWords('trunk:carrier')).toBe('中继 carrier');
    expect(eventWhy(arrived, asIs)).toEqual(['中继 carrier']);
  });
});

describe('a number nobody has', () => {
  it('is no trouble of the center', () => {
    speak('en');
    const trouble = (what: string) => ({ at: 1, kind: 'trouble' as const, what });
    for (const what of ['no dialplan has the entry tel:4999', 'no dialplan, phone or carrier has this number']) {
      expect(eventTitle(trouble(what), asIs)).toBe('Nobody has this number');
    }
    expect(eventTitle(trouble('the database is away'), asIs)).toBe('Something went wrong');
  });
});

describe('an emergency call', () => {
  it('is a line of the story in both languages', () => {
    const line = { at: 1, kind: 'emergency_called' as const, number: '112' };
    speak('en');
    expect([eventTitle(line, asIs), ...eventWhy(line, asIs)]).toEqual(['Emergency number 112 called', 'The supervisors were alerted']);
    speak('zh');
    expect([eventTitle(line, asIs), ...eventWhy(line, asIs)]).toEqual(['呼叫紧急号码 112', '已提醒班长']);
  });
});

describe('a party that is not heard', () => {
  it('is told in both languages, and so is its return', () => {
    const line = (kind: 'one_way' | 'way_restored', way: 'in' | 'out') => ({ at: 1, kind, leg: 'LG-1', role: 'customer' as const, way });
    const all = [line('one_way', 'in'), line('way_restored', 'in'), line('one_way', 'out'), line('way_restored', 'out')];
    speak('en');
    expect(all.map((one) => eventTitle(one, asIs))).toEqual([
      'Nothing is heard of Caller',
      'Caller is heard again',
      'Caller hears nothing',
      'Caller hears again',
    ]);
    speak('zh');
    expect(all.map((one) => eventTitle(one, asIs))[0]).toBe('听不到 主叫 的声音');
  });
});

describe('what is wrong with a trunk', () => {
  it('is told in the reader’s words, and as it is when it is something new', () => {
    const all = ['it does not answer', 'it does not answer OPTIONS', 'it does not answer REGISTER', 'it cannot be reached', 'it answers 503 to OPTIONS', 'no such name'];
    speak('en');
    expect([whyTrunk(null), ...all.map(whyTrunk)]).toEqual([
      '',
      'No answer',
      'No answer to OPTIONS',
      'No answer to REGISTER',
      'Cannot be reached',
      'Answers 503 to OPTIONS',
      'no such name',
    ]);
    speak('zh');
    expect(all.map(whyTrunk)).toEqual(['无应答', '对 OPTIONS 无应答', '对 REGISTER 无应答', '无法到达', '对 OPTIONS 应答 503', 'no such name']);
  });
});

describe('why this agent', () => {
  beforeEach(() => speak('en'));

  it('is the longest idle of those who fit', () => {
    expect(whyOffered(offer())).toBe('Idle for 8:34, the longest of 3 who were ready and fit.');
  });

  it('is the only one, if there was no other', () => {
    expect(whyOffered(offer({ candidates: 1 }))).toBe('The only one who was ready and fits, idle for 8:34.');
  });

  it('names a rule this page does not know', () => {
    expect(whyOffered(offer({ rule: 'round_robin' }))).toBe('Chosen by the rule “round_robin”, idle for 8:34.');
  });

  it('says who was passed over, and why each', () => {
    expect(whoPassedOver(offer({ passed_over: passed }), (id) => id.toUpperCase())).toBe(
      'Passed over: BERT (idle only 2:10), CHEN (english 2, 3 needed), DORA (lacks chinese), EMIL (was asked before).',
    );
    expect(whoPassedOver(offer(), asIs)).toBe('');
    speak('zh');
    expect(whoPassedOver(offer({ passed_over: passed }), asIs)).toBe(
      '未选：bert（仅空闲 2:10）、chen（english 2 级，需要 3 级）、dora（不具备 chinese）、emil（已呈现过）。',
    );
  });

  it('says the skills, the wait and a priority that is not the ordinary one', () => {
    expect(whySkills(offer({ skills: [{ skill: 'chinese', needed: 2, has: 3 }] }))).toBe('chinese 3, 2 needed');
    expect(whyNow(offer())).toBe('Waited 0:37, place 1');
    expect(whyNow(offer({ priority: 5 }))).toBe('Waited 0:37, place 1, priority 5');
  });
});

describe('words of the center', () => {
  beforeEach(() => speak('en'));

  it('are ours for our reasons and as they are for the center’s own', () => {
    expect(notReadyReason('no_answer')).toBe('offer not answered');
    expect(notReadyReason('smoke')).toBe('smoke');
    expect(notReadyReason('not_ready')).toBe('');
    expect(notReadyReason(null)).toBe('');
  });

  it('carry the status of a refusal', () => {
    expect(causeOf('refused', 486)).toBe('refused (486)');
    expect(causeOf('hung_up')).toBe('hung up');
    expect(causeOf('limit', null, { key: 'per_day', phone: '1001', max: 500 })).toBe('a limit was reached: per_day of phone 1001 (500)');
    expect(causeOf('limit', null, { key: 'patience' })).toBe('a limit was reached: patience');
    expect(causeOf('eaten')).toBe('eaten');
  });
});
