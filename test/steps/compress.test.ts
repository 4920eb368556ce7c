import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compressStep, type CompressOptions } from '../../src/steps/compress.ts';
import type { ObjectEvent } from '../../src/steps/flow.ts';
import { missingPrograms } from '../e2e/judges.ts';
import { judged } from '../volume/judges/run.ts';
import { collect, givenObjects, listed, objectsOf, stepSetting, type StepSetting } from './step-setting.ts';

let setting: StepSetting;
beforeEach(() => {
  setting = stepSetting();
});
afterEach(() => setting.remove());

const text = (length: number, letter: string): Buffer => Buffer.alloc(length, `${letter} is what is said again and again, `);
const frames = [text(1_000_000, 'a'), randomBytes(400_000), text(5, 'b')];

async function compress(options: CompressOptions, events: Iterable<ObjectEvent>): Promise<ObjectEvent[]> {
  return (await collect(compressStep.run(options, [listed([...events])], setting.context()))) as ObjectEvent[];
}

const missing = missingPrograms('zstd', 'gzip');
describe.skipIf(missing)(`by the programs${missing ? ` (skipped: ${missing})` : ''}`, () => {
  test.each([['zstd', 'zstd', '.zst'], ['gzip', 'gzip', '.gz']] as const)('%s: the whole is what the program reads, and each frame alone too', async (codec, program, suffix) => {
    const [object] = objectsOf(await compress({ codec }, givenObjects(setting, [frames])));
    expect(object!.name).toMatch(new RegExp(`\\.tar\\${suffix}$`));
    expect(judged(program, ['-dc'], object!.bytes).equals(Buffer.concat(frames))).toBe(true);
    let offset = 0;
    for (const [index, { decoded, stored }] of object!.closed!.frames.entries()) {
      expect(decoded).toBe(frames[index]!.length);
      expect(judged(program, ['-dc'], object!.bytes.subarray(offset, offset + stored)).equals(frames[index]!)).toBe(true);
      offset += stored;
    }
    expect(object!.bytes.length).toBeLessThan(450_000);
  });
});

test('none passes everything on as it is', async () => {
  const events = [...givenObjects(setting, [frames])];
  expect(await compress({ codec: 'none' }, events)).toEqual(events);
});

test('many objects stay in order, each with its own frames', async () => {
  const contents = Array.from({ length: 40 }, (_, index) => Array.from({ length: index % 7 }, (_none, part) => text(1000 * (part + 1), String(index))));
  const objects = objectsOf(await compress({ level: 1 }, givenObjects(setting, contents)));
  expect(objects.map(({ closed }) => closed!.frames.map(({ decoded }) => decoded))).toEqual(contents.map((parts) => parts.map((part) => part.length)));
});

test('an object that is discarded on its way is passed on as discarded', async () => {
  const [open, data] = [...givenObjects(setting, [frames])];
  const events = await compress({}, [open!, data!, { type: 'discard' }, ...givenObjects(setting, [[text(10, 'x')]])]);
  expect(objectsOf(events).map(({ end }) => end)).toEqual(['discard', 'close']);
});

test('memory that was lent is given back once, when the frame is made', async () => {
  let released = 0;
  const events = [...givenObjects(setting, [frames])].map((event): ObjectEvent => (event.type === 'data' ? { ...event, release: () => void released++ } : event));
  await compress({}, events);
  expect(released).toBe(frames.length);
});

test.each([[{ codec: 'gzip', level: 10 }], [{ codec: 'none', level: 1 }], [{ level: 20 }]] as const)('a level that there is not is refused: %j', (options) => {
  expect(() => compressStep.check!(options)).toThrow(expect.objectContaining({ code: 'PLAN_INVALID', hint: expect.any(String) as string }) as Error);
});
