/** A module that ends the process that loads it, as by `kill -9`, at a certain one of its calls that change something on disk. */
import { imports } from '../cli/fixture.ts';

/** The environment of a program that is to be killed right before its change number `count`, or half way into it if it is a write. */
export function killedAt(count: number): Record<string, string> {
  return imports(`
    import fs from 'node:fs';
    import { DatabaseSync } from 'node:sqlite';
    import { syncBuiltinESMExports } from 'node:module';
    let left = ${count};
    const die = () => process.kill(process.pid, 'SIGKILL');
    const isLast = () => --left === 0;
    const wrap = (object, name) => {
      const original = object[name];
      object[name] = function (...words) { if (isLast()) die(); return original.apply(this, words); };
    };
    for (const name of ['open', 'rename', 'unlink', 'mkdir']) wrap(fs.promises, name);
    for (const name of ['renameSync', 'mkdirSync', 'symlinkSync', 'linkSync', 'futimesSync']) wrap(fs, name);
    wrap(DatabaseSync.prototype, 'exec');
    const handle = await fs.promises.open('/dev/null');
    const prototype = Object.getPrototypeOf(handle);
    await handle.close();
    wrap(prototype, 'sync');
    const write = prototype.write;
    prototype.write = function (bytes, offset, length, position) {
      if (!isLast()) return write.call(this, bytes, offset, length, position);
      return write.call(this, bytes, offset, length >> 1, position).then(die);
    };
    const writeSync = fs.writeSync;
    fs.writeSync = (file, bytes, offset, length, position) => {
      if (file < 3 || !isLast()) return writeSync(file, bytes, offset, length, position);
      writeSync(file, bytes, offset, length >> 1, position);
      die();
    };
    process.on('exit', () => process.stderr.write('changes: ' + (${count} - left) + '\\n'));
    syncBuiltinESMExports();
  `);
}

/** How many changes a run that was not killed made. */
export function changesOf(stderr: string): number {
  return Number(/^changes: (\d+)$/m.exec(stderr)![1]);
}
