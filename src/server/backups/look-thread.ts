/** A thread of its own for a look: SQLite answers when it has all, and a catalog of a million files takes its time. It ends with its answer. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Look } from './look.ts';

// Not as a part of what the program loads when it starts.
const { answerLook } = await import('./answer-look.ts');
parentPort!.postMessage(await answerLook(workerData as Look));
