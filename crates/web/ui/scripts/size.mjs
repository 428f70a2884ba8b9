// Weighs what a browser loads before the board can be used: the page, its scripts and styles, the heavier language. Fails
// over the budget. Gzip −9, kB = 1000 bytes, as the budget was measured.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const BUDGET_KB = 280;
const dist = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const manifest = JSON.parse(readFileSync(path.join(dist, '.vite/manifest.json'), 'utf8'));
const weigh = (file) => gzipSync(readFileSync(path.join(dist, file)), { level: 9 }).length;

function filesOf(key, into = new Set()) {
  const chunk = manifest[key];
  if (!chunk) throw new Error(`${key} is not in the manifest`);
  if (into.has(chunk.file)) return into;
  into.add(chunk.file);
  for (const css of chunk.css ?? []) into.add(css);
  for (const imported of chunk.imports ?? []) filesOf(imported, into);
  return into;
}

const files = filesOf('index.html');
filesOf('src/pages/board/index.tsx', files);
for (const match of readFileSync(path.join(dist, 'index.html'), 'utf8').matchAll(/(?:src|href)="\/([^"]+)"/g)) files.add(match[1]);
const languages = ['src/text/generated/en.ts', 'src/text/generated/zh.ts'].map((key) => manifest[key].file);
files.add(languages.toSorted((a, b) => weigh(b) - weigh(a))[0]);
files.add('index.html');

let total = 0;
for (const file of files) {
  const bytes = weigh(file);
  total += bytes;
  console.log(`${(bytes / 1000).toFixed(1).padStart(8)} kB  ${file}`);
}
console.log(`${(total / 1000).toFixed(1).padStart(8)} kB  first load, gzip (budget ${BUDGET_KB})`);
if (total > BUDGET_KB * 1000) {
  console.error('size: the first load is over its budget');
  process.exit(1);
}
