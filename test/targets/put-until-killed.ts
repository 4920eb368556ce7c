/** Run as a program of its own: stores objects in a folder until it is killed, and prints the name of each that is confirmed. */
import { writeSync } from 'node:fs';
import { contentOf, nameOf } from './content-of.ts';
import { fileTargetIn } from './file-store.ts';

const [folder = '', round = '0'] = process.argv.slice(2);
const hot = { temperature: 'hot' } as const;
const parted = { ...hot, partSize: 2 * 2 ** 20 };
const target = fileTargetIn(folder);
await target.connect({ create: true });
let number = 0;

await Promise.all(
  Array.from({ length: 4 }, async () => {
    for (;;) {
      const name = nameOf(Number(round), number++);
      const bytes = contentOf(name);
      if (number % 2 === 0) {
        await target.put(name, bytes, hot);
      } else {
        const upload = await target.open(name, parted);
        await upload.write(0, bytes);
        await upload.finish(bytes.length);
      }
      writeSync(1, `${name}\n`);
    }
  }),
);
