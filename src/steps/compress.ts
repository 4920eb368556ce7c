/** The step `compress`: turns each piece of an object into a frame that decodes alone, several at a time, in order. */
import { availableParallelism } from 'node:os';
import { freeBytes } from '../core/free-bytes.ts';
import { BatError } from '../core/errors.ts';
import { FrameEncoder } from '../volume/frame-encoder.ts';
import { codecSuffix, defaultLevel, levelRange, type Codec, type Frame } from '../volume/frames.ts';
import { encodeSeekTable } from '../volume/seek-table.ts';
import type { ObjectEvent, ObjectHead } from './flow.ts';
import type { StepContext, StepType } from './step.ts';

export interface CompressOptions {
  codec?: Codec;
  level?: number;
}

/** Frames on their way at a time. More of them would only take the cores from the thread that reads. */
const depth = Math.min(Math.max(2, availableParallelism()), 8);

export const compressStep: StepType<CompressOptions> = {
  kind: 'compress',
  summary: 'Compresses objects with zstd or gzip, in frames that decode alone.',
  takes: ['objects'],
  gives: 'objects',
  schema: {
    type: 'object',
    description: 'Compresses objects in frames that decode alone, so that one file can be restored without the rest.',
    additionalProperties: false,
    examples: [{ codec: 'zstd', level: 3 }],
    properties: {
      codec: {
        description: 'zstd is fast and small; gzip is for places that have nothing else; none leaves the bytes as they are. Default: zstd.',
        enum: ['zstd', 'gzip', 'none'],
        default: 'zstd',
        examples: ['zstd', 'gzip'],
      },
      level: {
        description: 'How hard to try: zstd 1 to 19 (default 3), gzip 1 to 9 (default 6).',
        type: 'integer',
        minimum: 1,
        maximum: 19,
        examples: [3, 9],
      },
    },
  },
  check(options) {
    const { codec, level } = resolve(options);
    const [lowest, highest] = levelRange[codec];
    if (level >= lowest && level <= highest) return;
    throw new BatError('PLAN_INVALID', codec === 'none' ? 'codec none takes no level.' : `${codec} has no level ${level}.`, {
      hint: codec === 'none' ? 'Leave `level` out.' : `Give a level from ${lowest} to ${highest}.`,
    });
  },
  shape: (options) => resolve(options),
  run: (options, inputs, context) => compress(resolve(options), inputs[0] as AsyncIterable<ObjectEvent>, context),
};

function resolve(options: CompressOptions): { codec: Codec; level: number } {
  const codec = options.codec ?? 'zstd';
  return { codec, level: options.level ?? defaultLevel[codec] };
}

async function* compress({ codec, level }: { codec: Codec; level: number }, input: AsyncIterable<ObjectEvent>, context: StepContext): AsyncGenerator<ObjectEvent> {
  if (codec === 'none') {
    yield* input;
    return;
  }
  const encoder = new FrameEncoder(codec, level);
  try {
    yield* encodeObjects({ codec, level, encoder }, input, context);
  } finally {
    encoder.close();
  }
}

async function* encodeObjects(
  { codec, level, encoder }: { codec: Codec; level: number; encoder: FrameEncoder },
  input: AsyncIterable<ObjectEvent>,
  context: StepContext,
): AsyncGenerator<ObjectEvent> {
  /** What is to be given, in order; a frame is waited for when its turn comes. */
  const queue: (() => ObjectEvent[] | Promise<ObjectEvent[]>)[] = [];
  let framesAtWork = 0;
  let frames: Frame[] = [];
  const isFull = (): boolean => framesAtWork > depth;

  for await (const event of input) {
    const ofObject = frames;
    if (event.type === 'data') {
      const decoded = event.bytes.length;
      const encoded = encoder.encode(event.bytes);
      encoded.catch(() => {}); // thrown where its turn comes
      framesAtWork++;
      queue.push(async () => {
        const bytes = await encoded;
        event.release?.();
        framesAtWork--;
        ofObject.push({ decoded, stored: bytes.length });
        context.count({ bytes: bytes.length });
        return [{ type: 'data', bytes, release: () => freeBytes(bytes) }];
      });
    } else if (event.type === 'open') {
      queue.push(() => [{ type: 'open', object: compressedHead(event.object, codec, level) }]);
    } else {
      queue.push(() => (event.type === 'close' ? closing(codec, event, ofObject) : [event]));
      frames = [];
    }
    while (isFull()) yield* await queue.shift()!();
  }
  for (const next of queue) yield* await next();
}

function closing(codec: Codec, event: ObjectEvent & { type: 'close' }, frames: Frame[]): ObjectEvent[] {
  const closed: ObjectEvent = { ...event, frames };
  return codec === 'zstd' ? [{ type: 'data', bytes: encodeSeekTable(frames) }, closed] : [closed];
}

function compressedHead(object: ObjectHead, codec: Codec, level: number): ObjectHead {
  return { ...object, name: object.name + codecSuffix[codec], codec, level };
}
