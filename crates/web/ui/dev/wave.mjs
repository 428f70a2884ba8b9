// A stereo WAV that looks and sounds like two people who take turns: caller left, agent right. 8 kHz, 16 bit.
import { random } from './random.mjs';

const RATE = 8000;

export function wave(id, lengthMs) {
  let seed = 7;
  for (const sign of id) seed = (Math.imul(seed, 31) + sign.charCodeAt(0)) | 0;
  const dice = random(seed);
  const frames = Math.max(1, Math.floor((lengthMs / 1000) * RATE));
  const data = Buffer.alloc(44 + frames * 4);
  data.write('RIFF', 0);
  data.writeUInt32LE(36 + frames * 4, 4);
  data.write('WAVEfmt ', 8);
  data.writeUInt32LE(16, 16);
  data.writeUInt16LE(1, 20);
  data.writeUInt16LE(2, 22);
  data.writeUInt32LE(RATE, 24);
  data.writeUInt32LE(RATE * 4, 28);
  data.writeUInt16LE(4, 32);
  data.writeUInt16LE(16, 34);
  data.write('data', 36);
  data.writeUInt32LE(frames * 4, 40);
  let at = 0;
  let side = 1;
  while (at < frames) {
    const turn = Math.floor(RATE * (1.2 + dice.about(3)));
    const pitch = side === 0 ? 120 : 205;
    let until = Math.min(frames, at + turn);
    while (at < until) {
      const syllable = Math.floor(RATE * (0.09 + dice.next() * 0.2));
      const loud = dice.chance(0.18) ? 0.01 : 0.12 + dice.next() * 0.4;
      const bend = 0.9 + dice.next() * 0.25;
      for (let k = 0; k < syllable && at < until; k++, at++) {
        const envelope = Math.sin((Math.PI * k) / syllable);
        const time = at / RATE;
        const sound =
          envelope * loud * (Math.sin(6.283 * pitch * bend * time) * 0.6 + Math.sin(6.283 * pitch * 2.7 * time) * 0.25 + (dice.next() - 0.5) * 0.2);
        data.writeInt16LE(Math.round(sound * 20000), 44 + at * 4 + side * 2);
        data.writeInt16LE(Math.round((dice.next() - 0.5) * 120), 44 + at * 4 + (1 - side) * 2);
      }
    }
    at += Math.floor(RATE * dice.next() * 0.6);
    side = 1 - side;
  }
  return data;
}

/** The loudest sample, 0 to 255, in each of at most so many equal parts: a list for each side. */
export function outline(data, points) {
  const frames = (data.length - 44) / 4;
  const count = Math.min(points, Math.max(1, Math.floor(frames / 400)));
  return [0, 1].map((side) =>
    Array.from({ length: count }, (_, point) => {
      let most = 0;
      for (let at = Math.floor((point * frames) / count); at < Math.floor(((point + 1) * frames) / count); at++) {
        most = Math.max(most, Math.abs(data.readInt16LE(44 + at * 4 + side * 2)));
      }
      return most >> 7;
    }),
  );
}
