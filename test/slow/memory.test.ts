/** A volume of a gibibyte to three targets at once, by bat as it is published: how much memory that takes, and when the first of it goes out. */
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { imports } from '../cli/fixture.ts';
import { missingPrograms } from '../e2e/judges.ts';
import { noise } from '../e2e/noise.ts';
import { serverName, ThreePlaces, threePlans } from '../e2e/three-places.ts';
import { buildPackage } from '../package/built-package.ts';

const missing = missingPrograms('mkfifo', 'rsync');
const mebibyte = 2 ** 20;
const pieces = 32;
const allowed = 250e6;
/** Says at its end how much memory the program had at the most, in KiB. `resourceUsage` would count what its parent had. */
const tellPeak = imports(`
  import { readFileSync } from 'node:fs';
  process.on('exit', () => process.stderr.write('peak: ' + /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))[1] + '\\n'));
`);

describe.skipIf(missing)(`a volume of 1 GiB to three targets, one of them on ${serverName}${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let built: Awaited<ReturnType<typeof buildPackage>>;
  let places: ThreePlaces;
  beforeAll(async () => {
    built = await buildPackage();
  });
  afterAll(() => built.remove());
  afterEach(() => places.remove());

  /** `rawLimit`: how large the parts of the account are. */
  async function create(rawLimit: number): Promise<void> {
    const { steps, disks } = threePlans.volumes;
    places = await ThreePlaces.create({ steps: steps.map((step) => step.replace('20MiB', '2GiB')), disks, settings: { rawLimit } });
  }

  /** A run that must succeed. Returns its peak of memory, in bytes. */
  async function run(): Promise<number> {
    const { folder } = places.backup.box;
    const child = spawn(process.execPath, [join(built.folder, 'bin/bat.js'), 'run', '-q'], {
      cwd: folder,
      env: { ...process.env, HOME: folder, XDG_STATE_HOME: join(folder, 'state'), ...tellPeak },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
    const [code, said] = await Promise.all([ended, text(child.stderr)]);
    expect(code, said).toBe(0);
    // Other threads end with a number of their own, if with any.
    return 1024 * Math.max(...[...said.matchAll(/^peak: (\d+)$/gm)].map(([, peak]) => Number(peak)));
  }

  test.each([10, 100])('less than 250 MB of memory, with an account that takes assets of %i MiB', async (limit) => {
    await create(limit * mebibyte);
    for (let piece = 0; piece < pieces; piece++) writeFileSync(places.backup.at('src/film'), noise(32 * mebibyte, piece), { flag: 'a' });
    const peak = await run();
    expect(places.backup.volumes('usb')).toHaveLength(1);
    expect(peak).toBeGreaterThan(50e6);
    expect(peak).toBeLessThan(allowed);
    await places.expectRestoredFrom(['usb']);
  });

  test('the first parts are at both clouds before the source gives the rest', async () => {
    await create(10 * mebibyte);
    const { backup, lines } = places;
    const gate = backup.at('gate');
    execFileSync('mkfifo', [gate]);
    // Gives a little, then waits until it is let go on.
    writeFileSync(backup.at('source.sh'), `head -c 40M /dev/urandom; read line < '${gate}'; head -c 984M /dev/urandom\n`);
    const plan = execFileSync('sed', ['s|^  src: .*|  src: { command: [sh, source.sh], as: film }|', backup.at('bat.yaml')]);
    writeFileSync(backup.at('bat.yaml'), plan);
    const arrived = new Set<string>();
    for (const [cloud, line] of Object.entries(lines)) {
      line.plan = ({ size }) => {
        if (size >= 5 * mebibyte && arrived.size < 2 && arrived.add(cloud).size === 2) letGoOn(gate);
        return undefined;
      };
    }
    // Where nothing goes out before all has been read, this never ends.
    expect(await run()).toBeLessThan(allowed);
    expect([...arrived].sort()).toEqual(['cloud', 'glacier']);
    expect(backup.query('SELECT max(size) AS size FROM objects')).toMatchObject([{ size: expect.toSatisfy((size: number) => size >= 1024 * mebibyte) as number }]);
  });
});

/** Whoever reads at the other end gets a line. */
function letGoOn(gate: string): void {
  const end = openSync(gate, 'w');
  writeSync(end, 'go on\n');
  closeSync(end);
}
