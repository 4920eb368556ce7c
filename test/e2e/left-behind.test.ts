/** What a killed run left on a target that is dear to list is removed by the next run that gets there, however many come between. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { sandbox } from '../cli/fixture.ts';
import { startCloudinary } from '../servers/cloudinary-server.ts';

test('the target is away when the next run comes', async () => {
  const server = await startCloudinary({ listingDelay: 0 });
  const box = sandbox();
  onTestFinished(async () => {
    box.remove();
    await server.close();
  });
  const { cloudName, apiKey, apiSecret } = server.settings;
  box.write({
    'docs/a.txt': 'a\n',
    'bat.yaml': `version: 1
name: home
sources: { docs: { path: docs } }
steps: [select, tar, compress, { upload: { to: [disk, cloud], retry: { attempts: 1 } } }, record]
targets:
  disk: { type: file, path: disk }
  cloud: { type: cloudinary, cloud-name: ${cloudName}, api-key: "${apiKey}", api-secret: "${apiSecret}", upload-prefix: "\${CLOUD}" }
`,
  });
  const run = async (exitCode: number, address = server.url): Promise<void> => {
    const { code, out, err } = await box.start(['run'], { environment: { CLOUD: address } }).ended;
    expect(code, out + err).toBe(exitCode);
  };
  const volumes = (): string[] => server.everything().filter((id) => id.includes('/volumes/')).sort();

  await run(0);
  const stored = volumes();
  const left = stored[0]!.replace('-00001', '-00099');
  const leave = (): void => void server.assets.put('private', left, Buffer.from('a volume that never came to be noted'));
  leave();
  const catalog = new DatabaseSync(join(box.folder, 'state/bat/home/catalog.db'));
  catalog.exec('UPDATE runs SET ended = NULL, exit_code = NULL');
  catalog.close();
  await run(4, 'http://127.0.0.1:9');
  expect(volumes()).toContain(left);
  await run(0);
  expect(volumes()).toEqual(stored);

  leave();
  await run(0);
  expect(volumes(), 'after a good end nothing is looked for').toContain(left);
});
