/** What is measured beside a bat server on this machine: the same first backup to it, and to a folder. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { batOn, program } from './contenders/bat.ts';
import type { Place } from './contenders/contender.ts';
import type { Key } from './results.ts';
import { inTurn, measureIn, placeFor, type Setting } from './setting.ts';
import { tree, warm } from './trees.ts';

const kinds = ['http', 'file'] as const;

/** Both store on the same disk, in a new folder each round. The server takes what the machine has left, as it does at home on a machine of its own. */
export async function measureOnServer(setting: Setting): Promise<void> {
  const wanted = kinds.filter((kind) => setting.wanted.has(keyOf(kind)));
  if (wanted.length === 0) return;
  const source = tree('big', setting.work);
  await warm(source);
  for (let round = 0; round < setting.rounds; round++) {
    for (const kind of inTurn(wanted, round)) {
      const place = placeFor(setting, `server-${kind}`, source);
      mkdirSync(place.folder, { recursive: true });
      setting.results.add(keyOf(kind), kind === 'http' ? await withServer(place, (url) => measureIn(setting, batOn(place, { type: 'http', url }))) : await measureIn(setting, batOn(place, { type: 'file', path: 'store' })));
      rmSync(place.folder, { recursive: true });
    }
  }
}

function keyOf(kind: string): Key {
  return `server/first/${kind}`;
}

async function withServer<T>({ folder }: Place, work: (url: string) => Promise<T>): Promise<T> {
  const settings = join(folder, 'serve.yaml');
  writeFileSync(settings, JSON.stringify({ version: 1, listen: '127.0.0.1:0', stores: 'store', state: 'server' }));
  const [command, ...args] = program;
  const server = spawn(command!, [...args, 'serve', settings, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    return await work(await addressOf(server));
  } finally {
    server.kill();
    await once(server, 'exit');
  }
}

async function addressOf(server: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: server.stdout! })) {
    const { message_type: type, url } = JSON.parse(line) as { message_type?: string; url?: string };
    if (type === 'listening' && url !== undefined) {
      // The rest is of no interest, but must be taken.
      server.stdout!.resume();
      return url;
    }
  }
  throw new Error('The server did not begin to listen.');
}
