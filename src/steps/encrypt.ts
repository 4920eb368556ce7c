/**
 * The step `encrypt`: seals objects with age. The machine needs public recipients only. With a passphrase, bat makes an
 * identity, wraps it once with the passphrase, and stores the wrapped one on the targets: `keys/<id>.age`.
 */
import { readFile } from 'node:fs/promises';
import { freeBytes } from '../core/free-bytes.ts';
import { BatError, systemReason } from '../core/errors.ts';
import { resolvePath } from '../core/paths.ts';
import { Keys } from '../catalog/keys.ts';
import type { Sealer } from '../volume/age.ts';
import type { ObjectEvent } from './flow.ts';
import { knownPassphraseKey, newPassphraseKey } from './encrypt/passphrase-key.ts';
import type { StepContext, StepSetup, StepType } from './step.ts';

export interface EncryptOptions {
  to?: string | readonly string[];
  'recipients-file'?: string;
  passphrase?: string;
}

interface Prepared {
  recipients: readonly string[];
  newSealer: () => Promise<Sealer>;
}

export const encryptStep: StepType<EncryptOptions> = {
  kind: 'encrypt',
  summary: 'Seals objects with age, to recipients or with a passphrase.',
  takes: ['objects'],
  gives: 'objects',
  schema: {
    type: 'object',
    description: 'Seals objects with age. With recipients, this machine can write backups and cannot read them.',
    additionalProperties: false,
    examples: [{ to: ['age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'] }],
    anyOf: [{ required: ['to'] }, { required: ['recipients-file'] }, { required: ['passphrase'] }],
    properties: {
      to: {
        description: 'Who can read the backup: age recipients (`age1…`, `age1pq1…`), as `bat keygen` prints them.',
        oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1, uniqueItems: true }],
        examples: [['age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p']],
      },
      'recipients-file': {
        description: 'A file with one recipient a line; `#` begins a comment.',
        type: 'string',
        examples: ['recipients.txt'],
      },
      passphrase: {
        description: 'A passphrase that is enough to restore. Give it as a secret, never in the plan itself.',
        type: 'string',
        minLength: 8,
        'x-secret': true,
        examples: ['${BAT_PASSPHRASE}', { file: '/root/bat-passphrase' }],
      },
    },
  },
  async check(options) {
    await checkEach([options.to ?? []].flat());
    if (options.passphrase !== undefined && (options.to !== undefined || options['recipients-file'] !== undefined)) {
      throw new BatError('PLAN_INVALID', 'A passphrase cannot be combined with recipients.', { hint: 'Keep one of them; age allows no mixture.' });
    }
  },
  async prepare(options, setup) {
    const recipients = await findRecipients(options, setup);
    // A dry run may have no key yet, where a run would make one; it seals nothing.
    const newSealer = setup.dryRun ? unusedSealer : await (await import('../volume/age.ts')).createSealerFactory(recipients);
    setup.prepared.set(setup.id, { recipients, newSealer } satisfies Prepared);
  },
  shape: (_options, setup) => setup.prepared.get(setup.id) as Prepared,
  run: (_options, inputs, context) => encrypt(context.prepared.get(context.id) as Prepared, inputs[0] as AsyncIterable<ObjectEvent>, context),
};

/** What knows age is slow to load: of a plan without recipients in it, a look at the plan does without. */
async function checkEach(recipients: readonly string[]): Promise<void> {
  if (recipients.length === 0) return;
  const { checkRecipient } = await import('../volume/age.ts');
  for (const recipient of recipients) checkRecipient(recipient);
}

function unusedSealer(): Promise<Sealer> {
  throw new Error('a dry run seals nothing');
}

async function findRecipients(options: EncryptOptions, setup: StepSetup): Promise<string[]> {
  if (options.passphrase !== undefined) {
    const keys = new Keys(setup.catalog);
    const known = await knownPassphraseKey(options.passphrase, keys);
    if (known !== null || setup.dryRun) return known === null ? [] : [known];
    return [await newPassphraseKey(options.passphrase, keys, setup.startedAt)];
  }
  const recipients = [options.to ?? []].flat();
  const file = options['recipients-file'];
  if (file !== undefined) recipients.push(...(await readRecipients(resolvePath(file, setup.folder))));
  return [...new Set(recipients)];
}

async function readRecipients(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new BatError('PLAN_INVALID', `The recipients file ${path} cannot be read: ${systemReason(error)}.`, { hint: 'Check `recipients-file:`.', cause: error });
  });
  const recipients = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  await checkEach(recipients);
  if (recipients.length === 0) throw new BatError('PLAN_INVALID', `The recipients file ${path} holds no recipient.`, { hint: 'Put one recipient on each line.' });
  return recipients;
}

async function* encrypt({ recipients, newSealer }: Prepared, input: AsyncIterable<ObjectEvent>, context: StepContext): AsyncGenerator<ObjectEvent> {
  let sealer: Sealer | null = null;
  for await (const event of input) {
    if (event.type === 'open') {
      sealer = await newSealer();
      yield { type: 'open', object: { ...event.object, name: `${event.object.name}.age`, recipients } };
      yield { type: 'data', bytes: sealer.header };
    } else if (event.type === 'data') {
      context.count({ bytes: event.bytes.length });
      const sealed = sealer!.update(event.bytes);
      event.release?.();
      for (const bytes of sealed) yield { type: 'data', bytes, release: () => freeBytes(bytes) };
    } else {
      if (event.type === 'close') {
        for (const bytes of sealer!.final()) yield { type: 'data', bytes };
        context.count({ objects: 1 });
      }
      yield event;
    }
  }
}
