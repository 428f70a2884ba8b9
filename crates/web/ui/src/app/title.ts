/** The name of the window, and the dot in front of it and on its icon while something waits for a person. */
import dottedIcon from './mark-dot.svg';

let name = '';
let dotted = false;
let plainIcon: string | undefined;

function write(): void {
  document.title = dotted ? `● ${name}` : name;
}

export function nameWindow(next: string): void {
  name = next;
  write();
}

export function dotWindow(on: boolean): void {
  if (on === dotted) return;
  dotted = on;
  write();
  const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]');
  if (!icon) return;
  plainIcon ??= icon.href;
  icon.href = on ? dottedIcon : plainIcon;
}
