// A small seeded generator (mulberry32), so that the mock tells the same stories at every start.
export function random(seed) {
  let a = seed >>> 0;
  const next = () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    int: (low, high) => low + Math.floor(next() * (high - low + 1)),
    pick: (list) => list[Math.floor(next() * list.length)],
    chance: (p) => next() < p,
    /** Exponential with this mean, at most five times it. */
    about: (mean) => Math.min(5 * mean, -Math.log(1 - next()) * mean),
    id: (prefix) => `${prefix}-${Array.from({ length: 13 }, () => '0123456789ABCDEFGHJKMNPQRSTVWXYZ'[Math.floor(next() * 32)]).join('')}`,
  };
}
