import { afterEach, beforeEach, expect, test } from 'vitest';
import { imports, planText, sandbox, someFiles, type Sandbox, type Started } from './fixture.ts';

let box: Sandbox;
beforeEach(() => {
  box = sandbox();
  // A source that says when it is being read, and then takes its time.
  box.write({
    'bat.yaml': planText().replace('{ path: music }', '{ command: [sh, -c, "echo reading >&2; touch reading; exec sleep 600"], as: dump }'),
    ...someFiles,
  });
});
afterEach(() => box.remove());

/** Once the text has been seen on a stream of the program; throws if it ends before. */
function seen({ child, ended }: Started, stream: 'stdout' | 'stderr', wanted: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    child[stream]!.on('data', (piece: string) => (text += piece).includes(wanted) && resolve());
    void ended.then((end) => reject(new Error(`ended without "${wanted}": ${JSON.stringify(end)}`)));
  });
}

test.each(['SIGINT', 'SIGTERM'] as const)('%s stops a run in an orderly way, with exit code 130', async (signal) => {
  const started = box.start(['run']);
  await seen(started, 'stdout', 'music: begins');
  started.child.kill(signal);
  const { code, out, err } = await started.ended;
  expect(code).toBe(130);
  expect(err).toContain('stopping… press again to stop at once\n');
  expect(out).toMatch(/^docs +2 /m);
  expect(out).toMatch(/^interrupted after /m);
  expect(err).not.toContain('error: Interrupted');
  expect((await box.bat('run', '-s', 'docs')).out).toContain('no file changed');
});

test('a second one ends it at once', async () => {
  const hook = `import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) { return url.endsWith('actions/run.ts') ? { format: 'module', shortCircuit: true, source: 'export const run = () => new Promise(() => { setInterval(() => {}, 1000); process.stdout.write("works"); })' } : next(url, context); } });`;
  const started = box.start(['run'], { environment: imports(hook) });
  await seen(started, 'stdout', 'works');
  started.child.kill('SIGINT');
  await seen(started, 'stderr', 'press again');
  started.child.kill('SIGINT');
  expect((await started.ended).code).toBe(130);
});

test('a reader that goes away ends it without a word', async () => {
  box.write({ 'bat.yaml': planText() });
  expect((await box.bat('run', '-q')).code).toBe(0);
  const started = box.start(['ls', '-R', '--json']);
  started.child.stdout!.destroy();
  const { err } = await started.ended;
  expect(err).toBe('');
});
