/** By the name of each worker's module, the file it became: put in when the page is made (scripts/bundle-page.ts). */
declare const workerFiles: Record<string, string>;

/** Starts a worker of the page: `NAME-worker.ts` anywhere in web/, by its name without the suffix. */
export function startWorker(name: string): Worker {
  const file = workerFiles[name];
  if (!file) throw new Error(`There is no worker "${name}".`);
  return new Worker(new URL(file, import.meta.url), { type: 'module', name });
}
