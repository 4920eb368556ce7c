/** The thread that walks folders and hashes files, so that the server answers meanwhile. Started by thread.ts, for one job after the other. */
import { parentPort } from 'node:worker_threads';
import { systemCode } from '../../core/errors.ts';
import { TableDatabase } from '../table/database.ts';
import { FileTable } from '../table/files.ts';
import { hashFiles } from './hash-file.ts';
import type { Difference, FromThread, ToThread, WalkJob } from './messages.ts';
import { Walk } from './walk.ts';

const atATime = 500;
let goOn: (() => void) | null = null;

parentPort!.on('message', (message: ToThread) => {
  if (message.type === 'next') {
    goOn?.();
  } else if (message.type === 'hash') {
    attempt(async () => say({ type: 'hashed', outcomes: hashFiles(message.root, message.files) }));
  } else {
    attempt(() => walk(message));
  }
});

/** What was found is put into the table before more is looked for, so that nothing piles up. */
async function walk(job: WalkJob): Promise<void> {
  const database = TableDatabase.openToRead(job.table);
  try {
    const walk = new Walk(job, new FileTable(database));
    let batch: Difference[] = [];
    for (const difference of walk.differences()) {
      if (difference) batch.push(difference);
      if (batch.length === 0 || (difference && batch.length < atATime)) continue;
      await handOver(batch);
      batch = [];
    }
    if (batch.length > 0) await handOver(batch);
    say({ type: 'walked', end: walk.end });
  } finally {
    database.close();
  }
}

async function handOver(differences: Difference[]): Promise<void> {
  const taken = new Promise<void>((resolve) => (goOn = resolve));
  say({ type: 'differences', differences });
  await taken;
}

function attempt(work: () => Promise<void>): void {
  void work().catch((error: unknown) => {
    const code = systemCode(error);
    if (code === undefined) say({ type: 'bug', error: error as Error });
    else say({ type: 'failed', code, message: (error as Error).message });
  });
}

function say(message: FromThread): void {
  parentPort!.postMessage(message);
}
