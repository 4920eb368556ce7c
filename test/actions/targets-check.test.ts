/** `bat targets check`: what it finds in good targets and in ones that lie, and that it leaves nothing behind. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkTargets, type CheckEvent, type CheckSummary, type TellCheck } from '../../src/actions/targets-check.ts';
import { BatError } from '../../src/core/errors.ts';
import { defaultRetry } from '../../src/core/retry.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { FileTarget } from '../../src/targets/file.ts';
import { disk } from '../../src/targets/file/disk.ts';
import type { ObjectStat, OpenOptions, Receipt, Target, TargetContext, TargetType, Upload } from '../../src/targets/target.ts';
import { fastFolder, removeFolder } from '../targets/file-store.ts';
import { mountSmallDisk, mountingProblem, type SmallDisk } from '../targets/mounted.ts';

let folder: string;
beforeEach(async () => {
  folder = await fastFolder();
});
afterEach(() => removeFolder(folder));

class PlainTarget extends FileTarget {
  constructor(id: string, options: { path: string }, context: TargetContext) {
    super(id, options, context, disk);
  }
}

type Making = new (id: string, options: { path: string }, context: TargetContext) => Target;

interface Given {
  id?: string;
  path?: string;
  secret?: unknown;
}

function planOf(...made: [Making, Given?][]): Plan {
  const schema = { type: 'object', properties: { path: { type: 'string' }, secret: { type: 'string', 'x-secret': true } } };
  const targets = made.map(([Kind, { id = 'usb', path = 'store', ...options } = {}]) => {
    const type: TargetType<never> = { type: 'file', summary: 'A folder.', schema, create: (id, options, context) => new Kind(id, options as { path: string }, context) };
    return { id, type, options: { path, ...options } };
  });
  return { name: 'home', folder, file: join(folder, 'bat.yaml'), targets, retry: { ...defaultRetry, wait: 0 }, graph: { nodes: [], hooks: [] }, warnings: [] } as unknown as Plan;
}

interface Told {
  summaries: CheckSummary[];
  events: CheckEvent[];
  /** The message of each check that failed, by its id. */
  failed: Record<string, string>;
  error: unknown;
}

async function check(plan: Plan, { full = false, signal = new AbortController().signal, only = [] as string[], onEvent = (() => {}) as TellCheck } = {}): Promise<Told> {
  const told: Told = { summaries: [], events: [], failed: {}, error: null };
  const tell = (event: CheckEvent): void => {
    told.events.push(event);
    if (event.type === 'result' && event.result.failure) told.failed[event.result.id] = event.result.failure.message;
    onEvent(event);
  };
  try {
    told.summaries = await checkTargets({ plan, only, full, environment: {}, signal, tell });
  } catch (error) {
    told.error = error;
  }
  return told;
}

const below = async (path: string): Promise<string[]> => (await readdir(join(folder, path), { recursive: true })).sort();

describe('a good target', () => {
  test('passes, holds what it held before, and nothing more', async () => {
    await mkdir(join(folder, 'store/home/volumes'), { recursive: true });
    await writeFile(join(folder, 'store/home/volumes/1.tar'), 'stored before');
    const { summaries, failed } = await check(planOf([PlainTarget]));
    expect(failed).toEqual({});
    expect(summaries).toMatchObject([{ target: 'usb', ok: true, failed: 0, leftOut: 0, leftBehind: [] }]);
    expect(summaries[0]!.passed).toBeGreaterThan(25);
    expect(await below('store')).toEqual(['home', 'home/volumes', 'home/volumes/1.tar']);
  });

  test('that was not there yet is not there afterwards', async () => {
    expect((await check(planOf([PlainTarget]))).summaries[0]!.ok).toBe(true);
    expect(await below('.')).toEqual([]);
  });

  test('says beforehand how much it sends, and sends no more', async () => {
    const { events, summaries } = await check(planOf([PlainTarget]));
    const outlook = events.find((event) => event.type === 'outlook')!.outlook;
    expect(outlook.location).toMatch(/store\/\.bat-check-[0-9a-f]{8}$/);
    expect(summaries[0]!.sent).toBeLessThanOrEqual(outlook.sends);
    expect(outlook.sends).toBeLessThan(5_000_000);
    const before = events.slice(0, events.findIndex((event) => event.type === 'outlook'));
    expect(before.filter((event) => event.type === 'result')).toHaveLength(1);
  });

  test('passes in full, with large objects and a long listing', async () => {
    const { summaries, failed, events } = await check(planOf([PlainTarget]), { full: true });
    expect(failed).toEqual({});
    expect(summaries[0]!.sent).toBeGreaterThan(40_000_000);
    expect(summaries[0]!.sent).toBeLessThanOrEqual(events.find((event) => event.type === 'outlook')!.outlook.sends);
    expect(await below('.')).toEqual([]);
  });
});

/** What each of these does wrong, and which check has to notice. */
const liars: Record<string, { kind: Making; notices: string[] }> = {
  'keeps the old object when it is replaced, and says it did': {
    kind: class extends PlainTarget {
      override async put(...[name, bytes, options]: Parameters<Target['put']>): Promise<Receipt> {
        if (await this.stat(name)) return { name, size: bytes.length, parts: 1 };
        return super.put(name, bytes, options);
      }
    },
    notices: ['objects/replace'],
  },
  'lists what was stored only the next time': {
    kind: class extends PlainTarget {
      #shown: ObjectStat[] = [];
      override async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<ObjectStat> {
        const now: ObjectStat[] = [];
        for await (const stat of super.list('', signal)) now.push(stat);
        yield* this.#shown.filter(({ name }) => name.startsWith(prefix));
        this.#shown = now;
      }
    },
    notices: ['access/list'],
  },
  'gives fewer bytes than it was asked for': {
    kind: class extends PlainTarget {
      override async read(...[name, offset, length, signal]: Parameters<Target['read']>): Promise<Uint8Array> {
        return (await super.read(name, offset, length, signal)).subarray(0, 4096);
      }
    },
    notices: ['objects/receipt', 'objects/ranges'],
  },
  'reads from the beginning whatever it is asked for': {
    kind: class extends PlainTarget {
      override async read(...[name, , length, signal]: Parameters<Target['read']>): Promise<Uint8Array> {
        return super.read(name, 0, length, signal);
      }
    },
    notices: ['objects/ranges'],
  },
  'shows an object before it is whole': {
    kind: class extends PlainTarget {
      override async open(name: string, options: OpenOptions): Promise<Upload> {
        if (!(await this.stat(name))) await super.put(name, Buffer.from('half'), options);
        return super.open(name, options);
      }
    },
    notices: ['unfinished/hidden', 'unfinished/swept'],
  },
  'sweeps nothing away': {
    kind: class extends PlainTarget {
      override async sweep(): Promise<number> {
        return 0;
      }
    },
    notices: ['unfinished/swept'],
  },
  'has a clock that is a day behind': {
    kind: class extends PlainTarget {
      override async clock(): Promise<Date> {
        return new Date(Date.now() - 86_400_000);
      }
    },
    notices: ['limits/clock'],
  },
};

describe('a target that lies', () => {
  test.each(Object.entries(liars))('%s: is found out, and the place is gone', async (_, { kind, notices }) => {
    const { summaries, failed } = await check(planOf([kind]));
    expect(Object.keys(failed)).toEqual(expect.arrayContaining(notices));
    expect(summaries[0]).toMatchObject({ ok: false, leftBehind: [] });
    expect(await below('.')).toEqual([]);
  });

  test('each failure says what was expected, what was found, and what to do', async () => {
    const { events } = await check(planOf([liars['has a clock that is a day behind']!.kind]));
    const [failure] = events.flatMap((event) => (event.type === 'result' && event.result.failure ? [event.result.failure] : []));
    expect(failure).toMatchObject({ code: 'TARGET_FAILED', message: expect.stringMatching(/clock.*expected the same time; found "1 d behind it"/) as string, hint: expect.stringContaining('timedatectl') as string });
  });

  test('that does not remove is named with what is left there', async () => {
    const { summaries, failed } = await check(planOf([class extends PlainTarget {
      override async remove(name: string): Promise<void> {
        throw new BatError('TARGET_DENIED', `Target "usb" could not remove ${name}: forbidden.`, { hint: 'Give the right.' });
      }
    }]));
    expect(Object.keys(failed)).toEqual(['access/remove']);
    expect(summaries[0]).toMatchObject({ ok: false, leftBehind: ['keys/0123456789abcdef.age'] });
    expect(summaries[0]!.leftOut).toBeGreaterThan(20);
  });

  test('that says it removed and did not is found out at the end, too', async () => {
    const { summaries, failed } = await check(planOf([class extends PlainTarget {
      override async remove(): Promise<void> {}
    }]));
    expect(Object.keys(failed)).toContain('access/remove');
    expect(summaries[0]!.leftBehind).toEqual(['keys/0123456789abcdef.age']);
  });
});

test('a line that fails now and then is tried again, and that is told', async () => {
  const failed = new Set<string>();
  const { summaries, events } = await check(planOf([class extends PlainTarget {
    override async stat(...[name, signal]: Parameters<Target['stat']>): Promise<ObjectStat | null> {
      if (failed.has(name)) return super.stat(name, signal);
      failed.add(name);
      throw new BatError('TARGET_FAILED', 'The line was cut.', { transient: true });
    }
  }]));
  expect(summaries[0]!.ok).toBe(true);
  const retries = events.flatMap((event) => (event.type === 'result' ? [event.result.retries] : []));
  expect(retries.filter((count) => count > 0).length).toBeGreaterThan(1);
});

test('a listing that is late by its own account is waited for', async () => {
  const Late = liars['lists what was stored only the next time']!.kind as typeof PlainTarget;
  const { failed } = await check(planOf([class extends Late {
    override readonly capabilities = { partSize: 100_000, listing: 'dear' as const, parallel: 2, listsLate: true };
  }]));
  expect(failed).toEqual({});
});

test('one that cannot be reached, or whose secret is not there, is told, and the others are checked', async () => {
  const plan = planOf([PlainTarget, { id: 'gone', path: 'no/such/place' }], [PlainTarget, { id: 'locked', secret: { file: 'no-secret' } }], [PlainTarget, { id: 'good' }]);
  const { summaries, events } = await check(plan);
  expect(summaries).toMatchObject([{ target: 'gone', ok: false, calls: 0 }, { target: 'locked', ok: false }, { target: 'good', ok: true }]);
  const failures = events.flatMap((event) => (event.type === 'result' && event.result.failure ? [{ id: event.result.id, ...event.result.failure }] : []));
  expect(failures).toMatchObject([
    { id: 'access/connect', code: 'TARGET_UNREACHABLE', message: expect.stringContaining('"gone"') as string, hint: expect.stringContaining('mounted') as string },
    { id: 'access/connect', code: 'SECRET_UNAVAILABLE', message: expect.stringContaining('the target locked') as string },
  ]);
});

test('only those that are named are checked, and one that is not in the plan is a mistake', async () => {
  const plan = planOf([PlainTarget, { id: 'one', path: 'one' }], [PlainTarget, { id: 'two', path: 'two' }]);
  expect((await check(plan, { only: ['two'] })).summaries.map(({ target }) => target)).toEqual(['two']);
  expect((await check(plan, { only: ['tow'] })).error).toMatchObject({ code: 'USAGE', hint: expect.stringContaining('"two"') as string });
});

/** Cases in the middle of which it is stopped: by a part that is on its way, by several objects at a time. */
const titles: Record<string, string> = { 'shows nothing of an object before its end': 'unfinished/hidden', 'does many things at a time': 'objects/many-at-a-time' };
let current = '';

test('a check that is interrupted removes what it stored before it ends', async () => {
  for (const at of ['unfinished/hidden', 'objects/many-at-a-time']) {
    const controller = new AbortController();
    let stored: string[] = [];
    const { error, summaries } = await check(
      planOf([class extends PlainTarget {
        override async put(...words: Parameters<Target['put']>): Promise<Receipt> {
          const receipt = await super.put(...words);
          if (current === 'objects/many-at-a-time') await stop();
          return receipt;
        }
        override async open(...words: Parameters<Target['open']>): Promise<Upload> {
          const upload = await super.open(...words);
          const write = upload.write.bind(upload);
          upload.write = async (index, bytes) => {
            await write(index, bytes);
            if (current === 'unfinished/hidden') await stop();
          };
          return upload;
        }
      }]),
      { signal: controller.signal, onEvent: (event) => void (event.type === 'begins' && (current = titles[event.title] ?? '')) },
    );
    async function stop(): Promise<void> {
      if (at !== current || controller.signal.aborted) return;
      stored = await below('store');
      controller.abort(new BatError('INTERRUPTED', 'Interrupted.'));
    }
    expect(stored.length).toBeGreaterThan(1);
    expect(error).toMatchObject({ code: 'INTERRUPTED', message: expect.stringContaining('is removed') as string });
    expect(summaries).toEqual([]);
    expect(await below('.')).toEqual([]);
  }
});

test('a call that hangs is stopped by the signal, too', async () => {
  const controller = new AbortController();
  const reason = new BatError('INTERRUPTED', 'Interrupted.');
  const { error } = await check(
    planOf([class extends PlainTarget {
      override put(...[, , { signal }]: Parameters<Target['put']>): Promise<Receipt> {
        setImmediate(() => controller.abort(reason));
        return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
      }
    }]),
    { signal: controller.signal },
  );
  expect(error).toMatchObject({ code: 'INTERRUPTED' });
  expect(await below('.')).toEqual([]);
});

test('where nothing could be written nothing is said to be left behind', async () => {
  const refused = (): never => {
    throw new BatError('TARGET_DENIED', 'Target "usb" refuses it.');
  };
  const { summaries, failed } = await check(planOf([class extends PlainTarget {
    override put = async (): Promise<Receipt> => refused();
    override remove = async (): Promise<void> => refused();
    override sweep = async (): Promise<number> => refused();
  }]));
  expect(Object.keys(failed)).toEqual(['access/write']);
  expect(summaries[0]!.leftBehind).toEqual([]);
});

test('a bug in a target is thrown as one, once everything is removed', async () => {
  const { error } = await check(planOf([class extends PlainTarget {
    override clock(): Promise<Date> {
      throw new TypeError('a bug');
    }
  }]));
  expect(error).toBeInstanceOf(TypeError);
  expect(await below('.')).toEqual([]);
});

test('what the class of volumes costs at least is said before anything is sent', async () => {
  const { events } = await check(planOf([class extends PlainTarget {
    readonly prices = { list: { currency: 'USD', 'as-of': '2026', region: 'r', source: 's', classes: { DEEP: { 'minimum-days': 180 } } }, standardClass: 'STANDARD', volumeClass: 'DEEP' };
    override async put(...words: Parameters<Target['put']>): Promise<Receipt> {
      return { ...(await super.put(...words)), storageClass: words[2].temperature === 'cold' ? 'DEEP' : 'STANDARD' };
    }
  }]));
  expect(events.find((event) => event.type === 'outlook')!.outlook.minimum).toEqual({ storageClass: 'DEEP', days: 180 });
  expect(events.find((event) => event.type === 'summary')!.summary.storageClass).toEqual({ hot: 'STANDARD', cold: 'DEEP' });
});

const problem = mountingProblem();
describe.skipIf(problem !== null)(problem === null ? 'a small disk' : `a small disk (skipped: ${problem})`, () => {
  let small: SmallDisk | undefined;
  beforeAll(() => {
    small = mountSmallDisk(1);
  });
  afterAll(() => small?.unmount());

  test('that is read-only can be read but not written', async () => {
    const path = join(small!.path, 'store');
    await mkdir(join(path, 'home'), { recursive: true });
    small!.remount('ro');
    try {
      const { failed, summaries } = await check(planOf([PlainTarget, { path }]));
      expect(failed).toEqual({ 'access/connect': expect.stringMatching(/^This key or user can read but not write\. .*read-only/) as string });
      expect(summaries[0]).toMatchObject({ ok: false, leftBehind: [] });
    } finally {
      small!.remount('rw');
    }
  });

  test('that becomes full is told so, and is left as it was', async () => {
    const path = join(small!.path, 'store');
    await mkdir(join(path, 'home'), { recursive: true });
    await writeFile(join(path, 'home/filler'), Buffer.alloc(900_000));
    const { failed, summaries } = await check(planOf([PlainTarget, { path }]));
    expect(failed).toMatchObject({ 'uploads/two-parts': expect.stringContaining('no space left') as string });
    expect(summaries[0]).toMatchObject({ ok: false, leftBehind: [] });
    expect(await readdir(path, { recursive: true })).toEqual(['home', 'home/filler']);
  });
});
