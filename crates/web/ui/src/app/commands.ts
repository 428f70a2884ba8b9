/** Finding a command by name: words in any order, by their beginnings, and by pinyin initials through the keywords. */

export interface Command {
  id: string;
  /** What kind of thing it is, in the reader's language. */
  kind: string;
  title: string;
  hint?: string;
  /** Other words it is found by; pinyin for Chinese ones. */
  words?: string;
  keys?: string;
  run: () => void;
}

/** How many commands are shown at most. */
export const SHOWN_MAX = 12;

const fold = (text: string): string => text.normalize('NFKC').toLowerCase().trim();

/** How well a command fits: 0 not at all; the beginning of the title counts most, then a word's beginning, then anywhere. */
export function score(command: Pick<Command, 'title' | 'hint' | 'words'>, query: string): number {
  const wanted = fold(query).split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return 1;
  const title = fold(command.title);
  const words = [title, ...`${title} ${fold(command.hint ?? '')} ${fold(command.words ?? '')}`.split(/[\s·]+/)];
  const all = `${title} ${fold(command.hint ?? '')} ${fold(command.words ?? '')}`;
  let sum = 0;
  for (const want of wanted) {
    if (title.startsWith(want)) sum += 4;
    else if (words.some((word) => word.startsWith(want))) sum += 3;
    else if (all.includes(want)) sum += 1;
    else return 0;
  }
  return sum / wanted.length;
}

/** The best commands for a query, in the order given where they fit equally well. */
export function search(commands: readonly Command[], query: string): Command[] {
  return commands
    .map((command, index) => ({ command, index, score: score(command, query) }))
    .filter((one) => one.score > 0)
    .toSorted((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, SHOWN_MAX)
    .map((one) => one.command);
}
