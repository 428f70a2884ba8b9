/** Line drawings of 16 by 16. Filled parts take the text color; cut-outs take the ground they stand on. */
import type { ReactNode } from 'react';
import css from './Icon.module.css';
import { cx } from './cx';

const SHAPES = {
  phone: (
    <path d="M3.2 2.5h2.3l1.1 3-1.5 1.1a8 8 0 0 0 4.3 4.3l1.1-1.5 3 1.1v2.3c0 .7-.6 1.2-1.3 1.2A10.9 10.9 0 0 1 2 3.8c0-.7.5-1.3 1.2-1.3z" />
  ),
  find: <path d="M7 2.5a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9zM10.500 10.500L14 14" />,
  board: <path d="M2.500 2.500h5v6h-5zM10 2.500h3.500v3H10zM10 8h3.500v5.500H10zM2.500 11h5v2.500h-5z" />,
  list: <path d="M6 4h7.500M6 8h7.500M6 12h7.500M2.800 4h.01M2.800 8h.01M2.800 12h.01" />,
  down: <path d="M4 6l4 4 4-4" />,
  left: <path d="M10 3L5 8l5 5" />,
  right: <path d="M6 3l5 5-5 5" />,
  x: <path d="M4 4l8 8M12 4l-8 8" />,
  check: <path d="M3 8.500l3.500 3.500L13 4.500" />,
  copy: <path d="M5.500 5.500h8v8h-8zM10.500 5.500v-3h-8v8h3" />,
  link: <path d="M6.800 9.200a2.800 2.800 0 0 0 4 0l2-2a2.830 2.830 0 0 0-4-4l-.8.8M9.200 6.800a2.800 2.800 0 0 0-4 0l-2 2a2.830 2.830 0 0 0 4 4l.8-.8" />,
  keyboard: <path d="M1.500 4h13v8h-13zM4 6.500h.01M6.700 6.500h.01M9.300 6.500h.01M12 6.500h.01M4.500 9.500h7" />,
  sun: (
    <path d="M8 5.200a2.800 2.800 0 1 0 0 5.600 2.800 2.800 0 0 0 0-5.600zM8 1.500v1.300M8 13.200v1.300M1.500 8h1.300M13.200 8h1.300M3.400 3.400l.9.9M11.700 11.700l.9.9M12.600 3.400l-.9.9M4.300 11.700l-.9.9" />
  ),
  moon: <path d="M13.500 9.500A6 6 0 0 1 6.500 2.500a6 6 0 1 0 7 7z" />,
  screen: <path d="M2 3h12v8H2zM6 13.500h4M8 11v2.500" />,
  globe: <path d="M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM2 8h12M8 2c2 1.800 2.700 3.800 2.700 6S10 12.200 8 14c-2-1.800-2.700-3.800-2.700-6S6 3.800 8 2z" />,
  logout: <path d="M6.500 2.500h-4v11h4M10.500 5l3 3-3 3M13.500 8H6" />,
  warning: (
    <>
      <path d="M8 1.800l6.500 11.700h-13z" fill="currentColor" strokeWidth="1.200" />
      <path d="M8 6v3.500M8 11.600v.01" className={css.cut} strokeWidth="1.700" />
    </>
  ),
  caution: <path d="M8 2.200l6 10.800H2zM8 6.200v3M8 11v.01" />,
  stopped: (
    <>
      <circle cx="8" cy="8" r="6" fill="currentColor" stroke="none" />
      <path d="M5.800 5.800l4.400 4.400M10.200 5.800l-4.400 4.400" className={css.cut} strokeWidth="1.800" />
    </>
  ),
  trunk: <path d="M8 7v6.800M5.500 13.800h5M8 7h.01M5.300 9.300a3.800 3.800 0 0 1 0-4.900M10.700 4.400a3.800 3.800 0 0 1 0 4.900M3.200 11.100a6.600 6.600 0 0 1 0-8.500M12.800 2.600a6.600 6.600 0 0 1 0 8.500" />,
  record: <circle cx="8" cy="8" r="4" fill="currentColor" stroke="none" />,
  play: <path d="M4.500 2.800v10.400L13 8z" fill="currentColor" />,
  pause: <path d="M5 3v10M11 3v10" strokeWidth="2.600" />,
  flow: (
    <path d="M5.500 1.800h5v3.400h-5zM1.500 10.800h5v3.400h-5zM9.500 10.800h5v3.400h-5zM8 5.200V8M4 10.800V8h8v2.800" />
  ),
  agent: <path d="M8 2.200a2.800 2.800 0 1 0 0 5.600 2.800 2.800 0 0 0 0-5.600zM2.800 13.800c0-2.800 2.200-4.600 5.200-4.600s5.200 1.800 5.200 4.600" />,
  queue: <path d="M2.500 4h11M2.500 8h8M2.500 12h5" />,
  signal: <path d="M2.500 5h9M9 2.500L11.500 5 9 7.500M13.500 11h-9M7 8.500L4.500 11 7 13.500" />,
  transfer: <path d="M2 5.500h11M10 2.500l3 3-3 3M14 11H3M6 8.500L3 11l3 2.500" />,
  keys: <path d="M4 3.500h.01M8 3.500h.01M12 3.500h.01M4 8h.01M8 8h.01M12 8h.01M4 12.500h.01M8 12.500h.01M12 12.500h.01" strokeWidth="2.400" />,
  clock: <path d="M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 4.500V8l2.300 1.600" />,
  end: (
    <path d="M1.800 9.800C3.400 7.900 5.600 7 8 7s4.600.9 6.200 2.800l-1.500 1.900-2.500-1V9.200a8 8 0 0 0-4.400 0v1.500l-2.500 1z" />
  ),
  sliders: <path d="M2.500 4.500h6M12 4.500h1.500M2.500 11.500H4M7.500 11.500h6M10.200 2.700a1.800 1.800 0 1 0 0 3.600 1.800 1.800 0 0 0 0-3.600zM5.800 9.700a1.800 1.800 0 1 0 0 3.600 1.800 1.800 0 0 0 0-3.600z" />,
  muted: <path d="M6 3.500a2 2 0 0 1 4 0v3M6 6.500v1a2 2 0 0 0 3 1.700M3.500 7.500a4.500 4.500 0 0 0 7 3.700M12.500 7.500c0 .6-.1 1.100-.3 1.600M8 12v2.200M2.500 2.500l11 11" />,
  conference: <path d="M8 2.500a2.200 2.200 0 1 0 0 4.400 2.200 2.200 0 0 0 0-4.400zM3.200 13.500c0-2.600 2-4.300 4.800-4.300s4.800 1.700 4.800 4.300M3 5.200a1.500 1.500 0 1 0 .01 0M13 5.200a1.500 1.500 0 1 0 .01 0" />,
  ear: <path d="M4.500 6.500a3.500 3.500 0 1 1 7 0c0 2.600-2.500 2.900-2.500 5a2 2 0 0 1-3.700 1M6.500 6.500a1.500 1.500 0 1 1 3 0c0 1-1 1.200-1 2.200" />,
  away: (
    <>
      <circle cx="8" cy="8" r="6" fill="currentColor" stroke="none" />
      <path d="M5 8h6" className={css.cut} strokeWidth="2" />
    </>
  ),
  ready: (
    <>
      <circle cx="8" cy="8" r="6" fill="currentColor" stroke="none" />
      <path d="M5.200 8.200l2 2 3.600-4" className={css.cut} strokeWidth="1.800" />
    </>
  ),
  reserved: (
    <>
      <circle cx="8" cy="8" r="5.500" />
      <path d="M8 2.500a5.500 5.500 0 0 1 0 11z" fill="currentColor" stroke="none" />
    </>
  ),
  talking: <path d="M2.500 6.500v3M5.250 4v8M8 2v12M10.750 4.500v7M13.500 6.500v3" strokeWidth="1.900" />,
  hold: <path d="M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM6.500 6v4M9.500 6v4" />,
  wrap: <path d="M2.500 13.500l.8-3.300 7.400-7.400 2.500 2.500-7.400 7.400z" fill="currentColor" strokeWidth="1.200" />,
  out: <circle cx="8" cy="8" r="5.300" strokeDasharray="2 2.200" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof SHAPES;

export function Icon({ name, size = 14, className }: { name: IconName; size?: 12 | 14 | 16 | 18 | 20; className?: string | undefined }) {
  return (
    <svg className={cx(css.icon, className)} width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {SHAPES[name]}
    </svg>
  );
}
