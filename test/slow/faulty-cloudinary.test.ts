/** Runs to an account at Cloudinary over a line and a server that fail in a tenth of all requests. */
import { describe, onTestFinished, test } from 'vitest';
import { type FaultyCloud, runThroughFaults } from '../e2e/faulty-runs.ts';
import { missingPrograms } from '../e2e/judges.ts';
import { startCloudinary } from '../servers/cloudinary-server.ts';
import { startFaultyProxy } from '../servers/faulty-proxy.ts';
import { seededFaults } from '../servers/seeded-faults.ts';

const missing = missingPrograms('rsync');
const seed = Number(process.env['BAT_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const partPattern = /\.\d{3}$/;
const listEnding = '.parts.json';
const isNote = (name: string): boolean => name.startsWith('bat-uploads/');

describe.skipIf(missing)(`Cloudinary behind faults, BAT_SEED=${seed}${missing ? ` (skipped: ${missing})` : ''}`, () => {
  test('fifteen runs end with an account in which every object is right', async () => {
    const cloud = await faultyAccount();
    onTestFinished(() => cloud.stop());
    await runThroughFaults(cloud, { runs: 15, seed });
  });
});

async function faultyAccount(): Promise<FaultyCloud> {
  // More calls than the hour of a free account allows: it is not what is tried here.
  const server = await startCloudinary({ rawLimit: 2 * 2 ** 20, adminLimit: 1e6 });
  const isData = ({ method, url }: { method: string; url: string }): boolean => method === 'GET' && url.includes('/raw/download');
  // A form of fields alone is signed, and not summed: with another byte in it, it is another request.
  const hasSum = ({ size }: { size: number }): boolean => size > 2000;
  const proxy = await startFaultyProxy({ endpoint: server.url }, seededFaults({ seed, isData, hasSum }));
  const { cloudName, apiKey, apiSecret } = server.settings;
  const assets = (): Map<string, Buffer> => new Map(server.assets.all().map(({ publicId, bytes }) => [publicId.replace(/^plan\//, ''), bytes]));
  const partsOf = (name: string, list: Buffer): string[] => {
    const { parts } = JSON.parse(list.toString()) as { parts: { name: string }[] };
    return parts.map((part) => name.slice(0, name.lastIndexOf('/') + 1) + part.name);
  };
  return {
    proxy,
    options: `type: cloudinary, cloud-name: ${cloudName}, api-key: '${apiKey}', api-secret: ${apiSecret}, upload-prefix: '${proxy.endpoint}'`,
    async *objects() {
      const all = assets();
      for (const [name, bytes] of all) {
        if (name.endsWith(listEnding)) yield [name.slice(0, -listEnding.length), partsOf(name, bytes).map((part) => all.get(part) ?? Buffer.alloc(0))] as never;
        else if (!isNote(name) && !partPattern.test(name)) yield [name, [bytes]] as never;
      }
    },
    async leftovers() {
      const all = assets();
      const needed = new Set([...all].flatMap(([name, bytes]) => (name.endsWith(listEnding) ? partsOf(name, bytes) : [])));
      const stray = [...all.keys()].filter((name) => partPattern.test(name) && !needed.has(name));
      return [...stray, ...[...all.keys()].filter(isNote), ...server.everything().filter((name) => name.startsWith('unfinished '))];
    },
    async stop() {
      await proxy.stop();
      await server.close();
    },
  };
}
