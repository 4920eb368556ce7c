/** Amazon's SDK is loaded by a plan that needs it, and by nothing else: it takes longer than most of what bat does. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const index = join(import.meta.dirname, '../../src/targets/index.ts');

/** What is loaded of the SDK while the registry is imported, then `work` is done with it. */
async function loaded(work: string): Promise<number> {
  const script = `
    import { registerHooks } from 'node:module';
    const seen = new Set();
    registerHooks({ resolve(name, context, next) { const found = next(name, context); if (/@aws-sdk|@smithy/.test(found.url)) seen.add(found.url); return found; } });
    const { targetTypes } = await import(${JSON.stringify(index)});
    const target = targetTypes.find(({ type }) => type === 's3').create('cloud', { bucket: 'attic', endpoint: 'http://127.0.0.1:1', 'access-key': 'a', 'secret-key': 'b' }, { folder: '/', plan: 'nas' });
    ${work}
    console.log(seen.size);
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  return Number(stdout);
}

test('the registry and a target that is made load nothing of it', async () => {
  expect(await loaded('target.acceptsName("bat.json");')).toBe(0);
});

test('the first call loads it', async () => {
  expect(await loaded('await target.connect({ create: true }).catch(() => {}); await target.close();')).toBeGreaterThan(0);
});
