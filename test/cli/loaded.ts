/** Put before a program with --import: at its end it says on standard error which packages and which parts of Node it had loaded. */
import { registerHooks } from 'node:module';

const packages = new Set<string>();

registerHooks({
  load(url, context, next) {
    const [, name] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
    if (name !== undefined) packages.add(name);
    return next(url, context);
  },
});

process.on('exit', () => {
  const { moduleLoadList } = process as unknown as { moduleLoadList: readonly string[] };
  process.stderr.write(`${JSON.stringify({ packages: [...packages].toSorted(), parts: moduleLoadList.map((name) => name.replace('NativeModule ', '')) })}\n`);
});
