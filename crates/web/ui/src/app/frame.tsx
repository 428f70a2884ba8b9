/** What the frame gives to the pages inside: who is logged in, the place in the top bar, the dialogs of the frame. */
import { createContext, useContext, useEffect, type ReactNode } from 'react';
import { createPortal } from 'react-dom';
import type { Me } from '../api/types';
import { nameWindow } from './title';
import css from './Shell.module.css';

export interface ShellParts {
  me: Me;
  openCommands: () => void;
  openKeys: () => void;
}

export const ShellContext = createContext<(ShellParts & { slot: HTMLElement | null }) | null>(null);

export function useShell(): ShellParts & { slot: HTMLElement | null } {
  const parts = useContext(ShellContext);
  if (!parts) throw new Error('there is no shell around this');
  return parts;
}

/** Puts a page's title and controls into the top bar, and its name, after that of what it shows, into the window's title. */
export function TopSlot({ title, tab, children }: { title: string; tab?: string | undefined; children?: ReactNode }) {
  const { slot, me } = useShell();
  const center = me.center.name;
  useEffect(() => {
    nameWindow([tab, title, center].filter(Boolean).join(' · '));
  }, [tab, title, center]);
  if (!slot) return null;
  return createPortal(
    <>
      <h1 className={css.title}>{title}</h1>
      {children}
    </>,
    slot,
  );
}

