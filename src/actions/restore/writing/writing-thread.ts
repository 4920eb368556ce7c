/** The thread that writes files, so that the main one reads, decodes and checks meanwhile. Started by write-behind.ts. */
import { parentPort } from 'node:worker_threads';
import { FileWriter } from './file-writer.ts';
import { packEnd, unpackPieces, wellDone, type FromThread, type ToThread, type Written } from './messages.ts';

const writer = new FileWriter();

parentPort!.on('message', (message: ToThread) => {
  try {
    say(answer(message));
  } catch (error) {
    say({ type: 'bug', error: error as Error });
  }
});

function answer(message: ToThread): FromThread | null {
  if (message.type === 'write') return write(message.pieces, Buffer.from(message.memory));
  if (message.type === 'drop') {
    writer.drop(message.id);
    return null;
  }
  writer.end();
  return { type: 'ended' };
}

function write(pieces: string, memory: Buffer): Written {
  const written: Written = { type: 'written', ended: [], odd: new Map() };
  let at = 0;
  for (const [index, piece] of unpackPieces(pieces).entries()) {
    const end = writer.write(piece, memory.subarray(at, at + piece.length));
    at += piece.length;
    if (!end) continue;
    written.ended.push(index);
    if (end !== wellDone) written.odd.set(index, packEnd(end));
  }
  return written;
}

function say(message: FromThread | null): void {
  if (message) parentPort!.postMessage(message);
}
