/**
 * The step `upload`: sends each object to all of its targets at once, and gives it on with the receipts of those that took
 * it. A target that fails is given up on and said; it fails nothing here, not even if it was the last one.
 */
import { Channel } from '../core/channel.ts';
import { retrySchema, type RetryOptions } from '../core/retry.ts';
import { Spooled } from '../catalog/spooled.ts';
import type { ObjectEvent, ObjectHead, StoredObject } from './flow.ts';
import { ObjectSender, type OutgoingObject } from './shared/object-sender.ts';
import { SpooledOutgoing } from './shared/spool.ts';
import type { StepContext, StepType } from './step.ts';

export interface UploadOptions {
  to: string | readonly string[];
  retry?: RetryOptions;
}

/** Objects that may be on their way at a time: many small ones hide the latency of a far target. */
const mostObjects = 16;
/** Of those that lie whole on the disk: one is sent while another one is made. */
const mostSpooled = 2;

export const uploadStep: StepType<UploadOptions> = {
  kind: 'upload',
  summary: 'Sends objects to targets, all at once, each read only once.',
  takes: ['objects'],
  gives: 'receipts',
  schema: {
    type: 'object',
    description: 'Sends objects to one target or several at once. A target that fails is left behind, the others go on.',
    additionalProperties: false,
    required: ['to'],
    examples: [{ to: 'usb' }, { id: 'away', to: ['cloud', 'attic'], retry: { for: '6h' } }],
    properties: {
      to: {
        description: 'Ids of targets.',
        oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1, uniqueItems: true }],
        examples: ['usb', ['cloud', 'attic']],
      },
      retry: { ...retrySchema, description: 'How often a call to these targets is tried again. Default: the plan\'s own `retry`.' },
    },
  },
  run: (options, inputs, context) => upload([options.to].flat(), inputs[0] as AsyncIterable<ObjectEvent>, context),
};

async function* upload(to: readonly string[], input: AsyncIterable<ObjectEvent>, context: StepContext): AsyncGenerator<StoredObject> {
  const spool = context.lanes.find((lane) => lane.upload === context.id)?.spool ?? null;
  const targets = to.map((id) => context.targets.get(id)).filter((target) => target !== undefined);
  const sender = new ObjectSender({
    targets,
    temperature: 'cold',
    signal: context.signal,
    onFailure: context.giveUp,
    isGivenUp: (id) => !context.targets.has(id),
    onSent: context.sent,
    onOpened: (target, name, id, partSize) => {
      if (spool !== null) new Spooled(context.catalog).noteUpload(context.id, name, { target, upload: id, partSize });
    },
  });
  const begin = (head: ObjectHead): Way =>
    spool === null ? sender.begin(head.name, head) : new SpooledOutgoing(head, { folder: spool, plan: context.plan, lane: context.id, catalog: context.catalog, sender });
  const stored = new Channel<StoredObject>(Infinity);
  const sending = sendAll(input, begin, spool === null ? mostObjects : mostSpooled, stored, context);
  sending.then(
    () => stored.end(),
    (error: unknown) => stored.fail(error),
  );
  try {
    yield* stored;
  } finally {
    // Whoever stops to listen does so since the source has failed: what is on its way must have ended before that is settled.
    await sending.catch(() => {});
  }
}

type Way = OutgoingObject | SpooledOutgoing;

async function sendAll(input: AsyncIterable<ObjectEvent>, begin: (head: ObjectHead) => Way, atATime: number, stored: Channel<StoredObject>, context: StepContext): Promise<void> {
  const closing = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let current: { head: ObjectHead; outgoing: Way } | null = null;
  try {
    for await (const event of input) {
      if (failures.length > 0) throw failures[0];
      if (event.type === 'open') {
        current = { head: event.object, outgoing: begin(event.object) };
      } else if (event.type === 'data') {
        await current!.outgoing.write(event.bytes, event.release);
      } else if (event.type === 'discard') {
        await current!.outgoing.discard();
        current = null;
      } else {
        const done = close(current!, event, stored, context).catch((error: unknown) => void failures.push(error));
        current = null;
        closing.add(done);
        void done.then(() => closing.delete(done));
        if (closing.size >= atATime) await Promise.race(closing);
      }
    }
    await Promise.all(closing);
    if (failures.length > 0) throw failures[0];
  } catch (error) {
    await current?.outgoing.discard();
    await Promise.all(closing);
    throw error;
  }
}

async function close(
  { head, outgoing }: { head: ObjectHead; outgoing: Way },
  event: ObjectEvent & { type: 'close' },
  stored: Channel<StoredObject>,
  context: StepContext,
): Promise<void> {
  const sent = await outgoing.close(event);
  context.count({ objects: 1 });
  await stored.put({ ...head, ...sent, decoded: event.decoded, frames: event.frames });
}
