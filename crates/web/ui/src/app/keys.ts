/**
 * Keys. Layer 1 works everywhere, also while somebody types; layer 2 are single keys, which work when no field has the
 * focus and can be switched off. Keys are matched by their place on the keyboard, and never while an input method composes.
 */
import { useEffect, useRef } from 'react';
import type { MessageName } from '../text/i18n';
import { useSettings } from './settings';

type PlainMessage = MessageName & `keys.${string}`;

export interface KeyAction {
  /** Written on buttons and in the list of keys: `Ctrl K`, `G B`. */
  keys: string;
  /** `Ctrl+KeyK`, `Alt+KeyR`, `KeyJ`, `Shift+Slash`, `KeyG KeyB` for one after the other. */
  match: string;
  layer: 1 | 2;
  label: PlainMessage;
  run: () => void;
}

const registered = new Set<{ current: readonly KeyAction[] }>();

/** Every key that does something just now; what was registered last comes first and wins. */
export const activeKeys = (): KeyAction[] => [...registered].toReversed().flatMap((one) => [...one.current]);

const FIRST_OF_TWO_MS = 1_200;
let pending: { code: string; at: number } | undefined;

export interface Pressed {
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  isComposing: boolean;
  keyCode: number;
}

/** The name under which a press is matched; `undefined` for presses that belong to an input method or a modifier. */
export function nameOf(event: Pressed): string | undefined {
  if (event.isComposing || event.keyCode === 229) return undefined;
  if (/^(Shift|Control|Alt|Meta)(Left|Right)$/.test(event.code)) return undefined;
  const command = event.ctrlKey || event.metaKey;
  // Ctrl and Alt together are AltGr on many keyboards: somebody is writing a sign.
  if (command && event.altKey) return undefined;
  return `${command ? 'Ctrl+' : ''}${event.altKey ? 'Alt+' : ''}${event.shiftKey ? 'Shift+' : ''}${event.code}`;
}

const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches('input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select'));

/** Whether the focused thing does something with this key by itself. */
const takesKey = (target: EventTarget | null, name: string): boolean =>
  target instanceof HTMLElement &&
  ((/^(Space|Enter)$/.test(name) && target.closest('button, a[href], [role=button], [role=option], [role=menuitem], [role=slider], summary') !== null) ||
    target.closest('[role=menu], [role=listbox], [role=dialog]') !== null);

function find(name: string, layer2: boolean, now: number): KeyAction | 'wait' | undefined {
  const actions = activeKeys().filter((action) => layer2 || action.layer === 1);
  const sequence = pending && now - pending.at < FIRST_OF_TWO_MS ? `${pending.code} ${name}` : undefined;
  pending = undefined;
  if (sequence) {
    const both = actions.find((action) => action.match === sequence);
    if (both) return both;
  }
  if (actions.some((action) => action.match.startsWith(`${name} `))) {
    pending = { code: name, at: now };
    return 'wait';
  }
  return actions.find((action) => action.match === name);
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented) return;
  const name = nameOf(event);
  if (name === undefined) return;
  const layer2 =
    useSettings.getState().singleKeys && !isField(event.target) && !takesKey(event.target, name) && !event.ctrlKey && !event.metaKey;
  const found = find(name, layer2, performance.now());
  if (found === undefined) return;
  event.preventDefault();
  if (found !== 'wait') found.run();
}

/** Listens to the keyboard; called once. */
export function listenToKeys(): () => void {
  document.addEventListener('keydown', onKey);
  return () => document.removeEventListener('keydown', onKey);
}

/** Keys that work while the component is there. */
export function useKeys(actions: readonly KeyAction[]): void {
  const kept = useRef(actions);
  kept.current = actions;
  useEffect(() => {
    registered.add(kept);
    return () => {
      registered.delete(kept);
    };
  }, []);
}
