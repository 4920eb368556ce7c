/** What the process uses of the machine, between two moments. */
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { performance, type EventLoopUtilization } from 'node:perf_hooks';
import type { InputOutput, ThreadUse, Use } from './report.ts';

export class UseMeter {
  readonly #processor = process.cpuUsage();
  readonly #loop: EventLoopUtilization = performance.eventLoopUtilization();
  readonly #threads = readThreads();
  readonly #io = readIo();
  readonly #cores = readCores();

  /** Since the meter was made. */
  read(): Use {
    const { user, system } = process.cpuUsage(this.#processor);
    return {
      user: user / 1000,
      system: system / 1000,
      mainLoop: performance.eventLoopUtilization(this.#loop).utilization,
      threads: this.#readThreads((user + system) / 1000),
      // Kilobytes on every system: libuv sees to that.
      peakMemory: process.resourceUsage().maxRSS * 1024,
      others: this.#readOthers((user + system) / 1000),
      io: this.#readIo(),
    };
  }

  /** `all`: milliseconds of the whole process. Threads that have ended are what is missing of it. */
  #readThreads(all: number): ThreadUse | null {
    const now = readThreads();
    if (!now || !this.#threads) return null;
    const use: ThreadUse = { main: 0, pool: 0, reading: 0, runtime: 0 };
    for (const [id, { name, time }] of now) use[kindOf(id, name)] += time - (this.#threads.get(id)?.time ?? 0);
    return { ...use, reading: Math.max(0, all - use.main - use.pool - use.runtime) };
  }

  #readOthers(own: number): number | null {
    const now = readCores();
    const all = now.all - this.#cores.all;
    return all > 0 ? Math.max(0, (now.busy - this.#cores.busy - own) / all) : null;
  }

  #readIo(): InputOutput | null {
    const now = readIo();
    const before = this.#io;
    if (!now || !before) return null;
    return {
      read: now.read - before.read,
      readFromDisk: now.readFromDisk - before.readFromDisk,
      written: now.written - before.written,
      writtenToDisk: now.writtenToDisk - before.writtenToDisk,
    };
  }
}

/** As Node names its threads. */
function kindOf(id: string, name: string): keyof ThreadUse {
  if (id === String(process.pid)) return 'main';
  if (name.startsWith('libuv-worker')) return 'pool';
  return name.startsWith('WorkerThread') ? 'reading' : 'runtime';
}

/** Milliseconds on the processor, by the id of the thread; null where the system does not tell. https://docs.kernel.org/scheduler/sched-stats.html */
function readThreads(): Map<string, { name: string; time: number }> | null {
  const folder = '/proc/self/task';
  return orNull(() => {
    const threads = new Map<string, { name: string; time: number }>();
    for (const id of readdirSync(folder)) {
      const [nanoseconds = ''] = readFileSync(`${folder}/${id}/schedstat`, 'utf8').split(' ');
      threads.set(id, { name: readFileSync(`${folder}/${id}/comm`, 'utf8').trim(), time: Number(nanoseconds) / 1e6 });
    }
    return [...threads.values()].some(({ time }) => time > 0) ? threads : null;
  });
}

/** Milliseconds of all cores together. */
function readCores(): { busy: number; all: number } {
  const times = cpus().map((core) => core.times);
  const all = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0);
  return { all, busy: all - times.reduce((sum, { idle }) => sum + idle, 0) };
}

/** https://man7.org/linux/man-pages/man5/proc_pid_io.5.html */
function readIo(): InputOutput | null {
  return orNull(() => {
    const values = new Map(readFileSync('/proc/self/io', 'utf8').split('\n').map((line) => line.split(': ') as [string, string]));
    const of = (name: string): number => Number(values.get(name) ?? 0);
    return { read: of('rchar'), readFromDisk: of('read_bytes'), written: of('wchar'), writtenToDisk: of('write_bytes') };
  });
}

/** Other systems have no such files, and not every kernel has all of them. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
