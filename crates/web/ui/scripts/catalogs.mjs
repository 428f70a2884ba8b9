// Compiles src/text/locales/*.json (ICU messages under names of ours) into what the Lingui runtime reads, and fails when a
// language lacks a message, when two languages disagree about its arguments, or when nothing uses it. It also writes the
// type of all messages, so that a name that does not exist, or a forgotten argument, does not compile.
import { compileMessage } from '@lingui/message-utils/compileMessage';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'src');
const languages = ['en', 'zh'];

/** Every argument of a compiled message with its kind. */
export function argumentsOf(message, into = new Map()) {
  if (!Array.isArray(message)) return into;
  for (const token of message) {
    if (!Array.isArray(token)) continue;
    const [name, kind, options] = token;
    if (name !== '#') into.set(String(name), kind === 'plural' || kind === 'number' || into.get(name) === 'number' ? 'number' : 'string');
    if (options && typeof options === 'object') for (const inner of Object.values(options)) argumentsOf(inner, into);
  }
  return into;
}

/** What is wrong with a set of catalogs, as sentences; none when all is well. */
export function complaints(catalogs, source) {
  const wrong = [];
  const [first, ...others] = Object.keys(catalogs);
  const names = Object.keys(catalogs[first]);
  for (const other of others) {
    for (const name of names) if (!(name in catalogs[other])) wrong.push(`${other} lacks ${name}`);
    for (const name of Object.keys(catalogs[other])) if (!(name in catalogs[first])) wrong.push(`${first} lacks ${name}`);
  }
  for (const name of names) {
    const want = [...argumentsOf(compileMessage(catalogs[first][name])).keys()].toSorted().join(' ');
    for (const other of others) {
      if (!(name in catalogs[other])) continue;
      if (!catalogs[other][name].trim()) wrong.push(`${other} has nothing under ${name}`);
      const has = [...argumentsOf(compileMessage(catalogs[other][name])).keys()].toSorted().join(' ');
      if (has !== want) wrong.push(`${name}: ${first} has the arguments "${want}", ${other} has "${has}"`);
    }
    if (source !== undefined && !source.has(name)) wrong.push(`nothing uses ${name}`);
  }
  return wrong;
}

/** Answers whether a message is named in the sources: whole, or as the beginning of a template. */
function usage() {
  const texts = [];
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const full = path.join(folder, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== 'generated' && entry.name !== 'locales') walk(full);
      } else if (/\.tsx?$/.test(entry.name) && !/\.test\./.test(entry.name)) texts.push(readFileSync(full, 'utf8'));
    }
  };
  walk(root);
  const all = texts.join('\n');
  const templates = [...all.matchAll(/`([a-z0-9_.]+\.)\$\{/g)].map((match) => match[1]);
  return { has: (name) => all.includes(`'${name}'`) || templates.some((start) => name.startsWith(start)) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const catalogs = Object.fromEntries(
    languages.map((language) => [language, JSON.parse(readFileSync(path.join(root, 'text/locales', `${language}.json`), 'utf8'))]),
  );
  const wrong = complaints(catalogs, process.argv.includes('--unused-too') || !process.argv.includes('--lax') ? usage() : undefined);
  if (wrong.length > 0) {
    for (const sentence of wrong) console.error(`catalogs: ${sentence}`);
    process.exit(1);
  }
  const out = path.join(root, 'text/generated');
  mkdirSync(out, { recursive: true });
  const put = (file, text) => {
    const full = path.join(out, file);
    let before = '';
    try {
      before = readFileSync(full, 'utf8');
    } catch {
      // The first run.
    }
    if (before !== text) writeFileSync(full, text);
  };
  for (const language of languages) {
    const compiled = Object.fromEntries(Object.entries(catalogs[language]).map(([name, text]) => [name, compileMessage(text)]));
    put(`${language}.ts`, `import type { Messages } from '@lingui/core';\nexport const messages: Messages = ${JSON.stringify(compiled)} as Messages;\n`);
  }
  const lines = Object.entries(catalogs.en).map(([name, text]) => {
    const args = argumentsOf(compileMessage(text));
    const type = args.size === 0 ? 'undefined' : `{ ${[...args].map(([key, kind]) => `${key}: ${kind === 'number' ? 'number' : 'string | number'}`).join('; ')} }`;
    return `  '${name}': ${type};`;
  });
  put('messages.ts', `/** Every message with its arguments. */\nexport interface MessageArguments {\n${lines.join('\n')}\n}\n`);
}
