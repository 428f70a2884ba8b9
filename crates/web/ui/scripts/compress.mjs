// Puts a brotli copy beside every file that shrinks by it; the server sends the copy to browsers that take it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const dist = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const options = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };

for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  const file = path.join(entry.parentPath, entry.name);
  if (!entry.isFile() || !/\.(js|css|html|svg)$/.test(entry.name)) continue;
  const plain = readFileSync(file);
  const packed = brotliCompressSync(plain, options);
  if (packed.length < plain.length) writeFileSync(`${file}.br`, packed);
}
