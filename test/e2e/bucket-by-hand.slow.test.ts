/** A bucket of a cold class without bat: thawed, downloaded by the command of the page, and read by restore.py and by the README's commands. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { RestoreObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, test } from 'vitest';
import { s3Client } from '../servers/s3-access.ts';
import { codeOn, commandsUnder, runProgram } from './by-hand.ts';
import { differences, missingPrograms, shell } from './judges.ts';
import { noise } from './noise.ts';
import { serverName, ThreePlaces, threePlans } from './three-places.ts';

const missing = missingPrograms('age', 'zstd', 'tar', 'python3', 'rsync', 'curl');
let places: ThreePlaces;

describe.skipIf(missing)(`a bucket by hand, on ${serverName}${missing ? ` (skipped: ${missing})` : ''}`, () => {
  afterEach(() => places.remove());

  test.each(['volumes', 'files'] as const)('%s: what curl gets is restored by restore.py, and by age, zstd and tar', async (kind) => {
    places = await ThreePlaces.create(threePlans[kind]);
    const { backup, gate } = places;
    writeFileSync(backup.at('src/film'), noise(24 * 2 ** 20, 1));
    writeFileSync(backup.at('src/letter'), 'Dear Ada\n');
    await backup.run();
    writeFileSync(backup.at('src/letter'), 'Dear Charles\n');
    await backup.run();

    const names = await places.inBucket();
    const client = s3Client(gate);
    for (const name of names) {
      if ((await places.storageClassOf(name)) === 'DEEP_ARCHIVE') await client.send(new RestoreObjectCommand({ Bucket: places.bucket, Key: `plan/${name}`, RestoreRequest: { Days: 7 } }));
    }
    client.destroy();
    gate.advance(12 * 3_600_000);
    const folder = backup.at('copy');
    mkdirSync(folder);
    const command = codeOn('targets-s3.md', 'name=')
      .replace(/^name=.*$/m, 'name="$1"')
      .replace('curl -f', 'curl -sf')
      .replace('aws:amz:eu-central-1:s3', `aws:amz:${gate.region}:s3`)
      .replace('https://s3.eu-central-1.amazonaws.com/my-attic/backups/nas/', `${gate.endpoint}/${places.bucket}/plan/`);
    const environment = { AWS_ACCESS_KEY_ID: gate.accessKey, AWS_SECRET_ACCESS_KEY: gate.secretKey };
    for (const name of names) await runProgram('bash', ['-ec', command, 'download', name], { folder, environment });

    shell('cp ../key.txt .; python3 restore.py --identity key.txt --to restored 2> messages || { cat messages; false; }', { folder });
    expect(differences(backup.at('src'), backup.at('copy/restored/src'))).toBe('');
    shell('rm -r restored messages', { folder });
    const readme = readFileSync(backup.at('copy/README.txt'), 'utf8');
    shell(commandsUnder(readme, kind === 'volumes' ? 'with tar alone' : 'All objects, without restore.py'), { folder });
    expect(shell(`cat $(ls out/src/film* | sort) | cmp - ../src/film; ls out/src`, { folder })).toContain('letter');
    expect(shell('cat out/src/letter*', { folder })).toContain('Dear Charles\n');
  });
});
