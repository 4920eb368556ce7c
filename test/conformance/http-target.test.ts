/** The target `http` keeps the contract: on a server in this process, over TLS, too. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { httpStore } from '../targets/http-store.ts';
import { certificate, privateKey } from '../targets/tls-fixture.ts';
import { targetSuite } from './target-suite.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bat-http-'));
  writeFileSync(join(folder, 'cert.pem'), certificate);
  writeFileSync(join(folder, 'key.pem'), privateKey);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

targetSuite('http', () => httpStore());

targetSuite(
  'http over TLS, with small parts',
  () => {
    const tls = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    return httpStore({ start: { settings: { tls } }, options: { ca: join(folder, 'cert.pem'), 'part-size': '64KiB' } });
  },
  { manyObjects: 300, largeObject: 3_000_000 },
);
