import { randomBytes } from 'node:crypto';
import { generateIdentity } from '../../src/volume/age.ts';
import { compressStep } from '../../src/steps/compress.ts';
import { encryptStep } from '../../src/steps/encrypt.ts';
import { filesStep } from '../../src/steps/files.ts';
import type { ObjectEvent, SelectedEntry } from '../../src/steps/flow.ts';
import { entriesAhead } from '../../src/steps/shared/reading/read-ahead.ts';
import { tarStep } from '../../src/steps/tar.ts';
import { uploadStep } from '../../src/steps/upload.ts';
import { givenObjects, streamed, type StepSetting } from '../steps/step-setting.ts';
import { stepSuite, type StepCase } from './step-suite.ts';

const mebibyte = 2 ** 20;

function* endlessFiles(setting: StepSetting): Generator<readonly SelectedEntry[]> {
  for (let number = 0; ; number++) {
    yield [number % 5 === 4 ? streamed(`dump ${number}`, stream(3)) : setting.selected(`file ${number}`, randomBytes(mebibyte))];
  }
}

async function* stream(blocks: number): AsyncGenerator<Uint8Array> {
  for (let block = 0; block < blocks; block++) yield randomBytes(mebibyte);
}

function* endlessObjects(setting: StepSetting): Generator<ObjectEvent> {
  const bytes = randomBytes(mebibyte);
  const contents = function* (): Generator<Uint8Array[]> {
    for (;;) yield [bytes, bytes, bytes];
  };
  yield* givenObjects(setting, contents());
}

const ofObjects = { endless: endlessObjects, whole: 10, context: (setting: StepSetting) => setting.context() };
const cases: Record<string, () => Promise<StepCase>> = {
  tar: async () => ({ type: tarStep as never, options: { volume: '20MiB' }, endless: endlessFiles, whole: 30, ahead: 40 + entriesAhead, context: (setting) => setting.context() }),
  files: async () => ({ type: filesStep as never, options: {}, endless: endlessFiles, whole: 10, ahead: 12 + entriesAhead, context: (setting) => setting.context({ maker: 'files' }) }),
  'compress: zstd': async () => ({ ...ofObjects, type: compressStep as never, options: {}, ahead: 24 }),
  'compress: gzip': async () => ({ ...ofObjects, type: compressStep as never, options: { codec: 'gzip', level: 1 }, ahead: 24 }),
  'compress: none': async () => ({ ...ofObjects, type: compressStep as never, options: { codec: 'none' }, ahead: 4 }),
  encrypt: async () => ({ ...ofObjects, type: encryptStep as never, options: { to: (await generateIdentity('x25519')).recipient }, ahead: 4 }),
  upload: async () => ({ ...ofObjects, type: uploadStep as never, options: { to: ['one', 'two'] }, ahead: Infinity }),
};
for (const [name, makeCase] of Object.entries(cases)) stepSuite(name, makeCase);
