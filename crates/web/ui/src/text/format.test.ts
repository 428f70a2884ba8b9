import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { age, bytes, centerZone, clock, clockFine, count, day, decimal, duration, headed, midnight, moment, momentFull, offset, percent, phone, sameDay, seconds, setCenterZone, zone } from './format';
import { todayText } from './day';
import { langOf, numberBeside, partyName } from './party';
import { speak } from './testing';

const NB = '\u00a0';

describe('numbers', () => {
  beforeEach(() => speak('en'));

  it('that are unknown are a dash, never zero', () => {
    for (const nothing of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect([count(nothing), decimal(nothing, 1), percent(nothing), duration(nothing), bytes(nothing), seconds(nothing), age(nothing), day(nothing), offset(nothing)]).toEqual(
        Array.from({ length: 9 }, () => '–'),
      );
    }
  });

  it('of a duration are minutes and seconds, hours only when there are some', () => {
    expect([0, 999, 12_000, 252_000, 3_852_000, 360_000_000].map(duration)).toEqual(['0:00', '0:00', '0:12', '4:12', '1:04:12', '100:00:00']);
  });

  it('of a duration are cut, not rounded, and never below zero', () => {
    expect(duration(59_999)).toBe('0:59');
    expect(duration(-5_000)).toBe('0:00');
  });

  it('of a percentage have one digit and a space that does not break', () => {
    expect(percent(76.44)).toBe(`76.4${NB}%`);
    expect(percent(100)).toBe(`100.0${NB}%`);
  });

  it('of an age have a tenth under ten seconds', () => {
    expect([300, 9_940, 12_400].map(age)).toEqual([`0.3${NB}s`, `9.9${NB}s`, `12${NB}s`]);
    expect(age(180_000)).toBe('3:00');
  });

  it('are written in the language of the page', () => {
    speak('zh');
    expect(age(300)).toBe(`0.3${NB}秒`);
    expect(seconds(20_000)).toBe(`20${NB}秒`);
    expect(day(Date.UTC(2026, 10, 12, 12))).toBe('11-12');
    speak('en');
    expect(seconds(20_000)).toBe(`20${NB}s`);
    expect(day(Date.UTC(2026, 10, 12, 12))).toBe('12 Nov');
  });

  it('of bytes are in kB and MB of 1000', () => {
    expect([999, 1_500, 863_000, 12_800_000].map(bytes)).toEqual([`999${NB}B`, `2${NB}kB`, `863${NB}kB`, `12.8${NB}MB`]);
  });
});

describe('a word at the head of a line', () => {
  it('begins with a capital where there are capitals', () => {
    expect(['lunch', 'école', '午餐', ''].map(headed)).toEqual(['Lunch', 'École', '午餐', '']);
  });
});

describe('times', () => {
  beforeEach(() => speak('en'));
  const at = new Date(2026, 10, 21, 14, 42, 7, 318).getTime();

  it('are on the 24-hour clock', () => {
    expect(clockFine(at)).toBe('14:42:07.318');
    expect(clockFine(new Date(2026, 10, 21, 0, 5, 0, 1).getTime())).toBe('00:05:00.001');
  });

  it('carry the day unless it is today', () => {
    expect(moment(at, at + 1_000)).toBe('14:42:07');
    expect(moment(at, at + 86_400_000)).toBe('21 Nov 14:42:07');
  });

  it('in an interaction have a tenth', () => {
    expect(offset(37_249)).toBe('0:37.2');
  });

  describe('are told in the zone of the center', () => {
    afterEach(() => setCenterZone(undefined));
    const evening = Date.UTC(2026, 10, 22, 20, 30);

    it('with its clock, its day and its name', () => {
      setCenterZone('Asia/Shanghai');
      expect([clock(evening), day(evening), zone(evening), momentFull(evening)]).toEqual(['04:30:00', '23 Nov', 'UTC+8', '23 Nov 2026, 04:30:00 UTC+8']);
      setCenterZone('America/St_Johns');
      expect([clock(evening), zone(evening)]).toEqual(['17:00:00', 'UTC−3:30']);
    });

    it('and so are days, which are as long as they are there', () => {
      setCenterZone('Europe/Berlin');
      // The clocks go back in the night to 25 October 2026.
      const noon = Date.UTC(2026, 9, 25, 11);
      expect([midnight(noon), midnight(noon, -1)].map((one) => new Date(one).toISOString())).toEqual(['2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z']);
      expect(midnight(noon, 1)).toBe(Date.UTC(2026, 9, 23, 22));
      expect([sameDay(noon, midnight(noon)), sameDay(noon, midnight(noon) - 1)]).toEqual([true, false]);
    });

    it('which is named where the reader lives by another clock', () => {
      setCenterZone(Intl.DateTimeFormat().resolvedOptions().timeZone);
      expect(todayText(evening)).toBe('Today');
      setCenterZone('Asia/Kathmandu');
      expect(todayText(evening)).toBe('Today (Asia/Kathmandu)');
    });

    it('unless this machine does not know it', () => {
      setCenterZone('Mars/Olympus_Mons');
      expect(centerZone()).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
    });
  });

  it('name the zone', () => {
    expect(zone(at)).toMatch(/^UTC([+−]\d+(:\d\d)?)?$/);
  });
});

const plain = (number: string) => phone(number).replaceAll(NB, ' ');

describe('phone numbers', () => {
  it('are grouped so that they can be read aloud', () => {
    expect(plain('+8613812342071')).toBe('+86 138 1234 2071');
    expect(plain('+14155550123')).toBe('+1 415 555 0123');
    expect(plain('+31612345678')).toBe('+31 612 345 678');
    expect(plain('+353861234567')).toBe('+353 861 234 567');
    expect(plain('+79161234567')).toBe('+7 9161 234 567');
  });

  it('without a plus stay as they came, because nobody knows where their parts end', () => {
    for (const same of ['15551234', '4930123456', '13812342071', '02079460000', '0049301234567']) expect(phone(same)).toBe(same);
  });

  it('keep what is not a number, and short ones, as they are', () => {
    for (const same of ['4000', '1001', 'anonymous', 'sip:anna@example.org', '']) expect(phone(same)).toBe(same);
  });

  it('lose no digit', () => {
    for (let digits = '1'; digits.length <= 15; digits += digits.length % 10) {
      for (const number of [digits, `+${digits}`]) expect(phone(number).replaceAll(NB, '')).toBe(number);
    }
  });
});

describe('a party', () => {
  it('is called by name with the number beside it, or by the number alone', () => {
    expect([partyName({ number: '4000', display: '张伟' }), numberBeside({ number: '4000', display: '张伟' })]).toEqual(['张伟', '4000']);
    for (const display of [null, undefined, '', '4000']) {
      expect([partyName({ number: '4000', display }), numberBeside({ number: '4000', display })]).toEqual(['4000', '']);
    }
  });

  it('with a Chinese name is marked as Chinese', () => {
    expect([langOf('张伟 Zhang'), langOf('Anna')]).toEqual(['zh-CN', undefined]);
  });
});
