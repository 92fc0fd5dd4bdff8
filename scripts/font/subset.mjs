// Cuts the font of printed documents from Noto Sans SC: the characters of GB 2312 and Latin, as one TrueType file.
// Run: npm ci && npm run build. Equal input gives an equal file, byte for byte.
import { readFile, writeFile, copyFile, mkdir } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import subsetFont from 'subset-font';

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, 'node_modules', '@expo-google-fonts', 'noto-sans-sc');
const target = join(here, '..', '..', 'internal', 'print', 'font');

const wanted = new Set();
const range = (from, to) => { for (let c = from; c <= to; c++) wanted.add(String.fromCodePoint(c)); };
range(0x20, 0x7e);
range(0xa0, 0x17f); // Latin-1 and Latin Extended-A
range(0x2010, 0x2027); // dashes, quotation marks, bullets
range(0x3000, 0x3017);
range(0xff01, 0xff5e); // full-width forms
const gb = new TextDecoder('gbk', { fatal: true });
for (let row = 0xa1; row <= 0xf7; row++) {
  for (let cell = 0xa1; cell <= 0xfe; cell++) {
    try {
      for (const c of gb.decode(Uint8Array.of(row, cell))) wanted.add(c);
    } catch {
      // Not every place of the table is taken.
    }
  }
}

const font = await readFile(join(source, '400Regular', 'NotoSansSC_400Regular.ttf'));
const cut = await subsetFont(font, [...wanted].sort().join(''), { targetFormat: 'truetype' });
await mkdir(target, { recursive: true });
await writeFile(join(target, 'NotoSansSC-GB2312.ttf'), cut);
await copyFile(join(source, 'LICENSE_FONT'), join(target, 'LICENSE.txt'));
console.log(`${wanted.size} characters, ${cut.length} bytes, sha256 ${createHash('sha256').update(cut).digest('hex')}`);
