/** Objects in parts: in any order, several at a time, taken up again after either side was gone. */
import type { Context, Hono } from 'hono';
import { requireRight } from '../../access/rights.ts';
import { readJson, tooLarge } from '../../body.ts';
import type { ServerContext, ServerEnvironment } from '../../context.ts';
import { ServerError } from '../../errors.ts';
import type { PlanStore } from '../../stores/plan-store.ts';
import { announced } from '../../stores/receive.ts';
import { mostParts, type StoredUpload, unknownUpload } from '../../stores/upload.ts';
import { isIdOf } from '../../stores/uploads.ts';
import { refusing } from './refusing.ts';
import { keepingAlive } from './keeping-alive.ts';

type Asked = Context<ServerEnvironment>;

const largestPart = 2 ** 30;
/** Bytes of the end of an upload: of the sum of each part, with what stands between them, and of all else. */
const bytesOfSum = 72;
const besideSums = 64 * 2 ** 10;
const longestWriter = 200;

export function uploadRoutes(app: Hono<ServerEnvironment>, { settings }: ServerContext, storeOf: (c: Asked) => Promise<PlanStore>): void {
  const { upload: largest } = settings.limits;

  async function find(c: Asked, store: PlanStore): Promise<StoredUpload> {
    const upload = await store.uploads.find(c.req.param('id') ?? '', c.var.user);
    if (!upload) throw unknownUpload();
    return upload;
  }

  app.post('/stores/:plan/uploads', async (c) => {
    requireRight(c, 'add');
    const store = await storeOf(c);
    const { name, partSize, writer } = fieldsOf(await readJson(c), { name: 'string', partSize: 'number', writer: 'string' });
    if (!Number.isSafeInteger(partSize) || partSize < 1 || partSize > largestPart) throw new ServerError('BAD_REQUEST', `Parts have 1 to ${largestPart} bytes.`);
    if (writer.length > longestWriter) throw new ServerError('BAD_REQUEST', `A writer is named by ${longestWriter} characters at the most.`);
    const { id } = await store.begin(name, { partSize, writer }, c.var.user);
    return c.json({ id }, 201);
  });

  app.get('/stores/:plan/uploads/:id', async (c) => {
    requireRight(c, 'add');
    const { head, parts } = await keepingAlive(c, async () => find(c, await storeOf(c)));
    return c.json({ name: head.name, partSize: head.partSize, parts });
  });

  app.put('/stores/:plan/uploads/:id/parts/:part', (c) =>
    refusing(c, async () => {
      requireRight(c, 'add');
      const store = await storeOf(c);
      const { length, sha256 } = announced(c.env.incoming, Math.min(largest, largestPart));
      if (sha256 === null) throw new ServerError('BAD_REQUEST', 'The SHA-256 of a part must be said before it comes.', { hint: 'Send Content-Digest: sha-256=:<base64>:' });
      const index = Number(/^\d{1,9}$/.exec(c.req.param('part') ?? '')?.[0] ?? NaN);
      const upload = await find(c, store);
      if (index * upload.head.partSize + length > largest) throw tooLarge(largest);
      await keepingAlive(c, () => store.write(upload, index, c.env.incoming, { length, sha256 }));
      return c.json({ part: index, size: length, sha256 });
    }),
  );

  app.post('/stores/:plan/uploads/:id/finish', (c) =>
    refusing(c, async () => {
      requireRight(c, 'add');
      const store = await storeOf(c);
      const id = c.req.param('id') ?? '';
      const upload = await store.uploads.find(id, c.var.user);
      if (!upload && !isIdOf(c.var.user, id)) throw unknownUpload();
      // One that is not known may have been finished before, with as many parts as any.
      const longest = besideSums + (upload ? upload.parts.length : mostParts) * bytesOfSum;
      const { name, size, partSize, parts } = fieldsOf(await readJson(c, longest), { name: 'string', size: 'number', partSize: 'number', parts: 'object' });
      if (!Array.isArray(parts) || !parts.every((sum): sum is string => typeof sum === 'string') || !Number.isSafeInteger(size) || size < 0 || !(partSize >= 1)) {
        throw new ServerError('BAD_REQUEST', 'The end of an upload says its size, the size of its parts, and the SHA-256 of each part in order.');
      }
      if (upload && upload.head.name !== name) throw unknownUpload();
      return c.json(await keepingAlive(c, () => store.finish(upload, { name, size, partSize, parts }, c.var.user)), 201);
    }),
  );

  app.delete('/stores/:plan/uploads/:id', async (c) => {
    requireRight(c, 'add');
    const store = await storeOf(c);
    const upload = await store.uploads.find(c.req.param('id') ?? '', c.var.user);
    if (upload) await store.uploads.forget(upload, { isStored: false });
    return c.body(null, 204);
  });

  /** The uploads of this user and this writer alone: those of others may be on their way. */
  app.post('/stores/:plan/sweep', async (c) => {
    requireRight(c, 'add');
    const store = await storeOf(c);
    const { writer, keep } = fieldsOf(await readJson(c), { writer: 'string', keep: 'object' });
    if (!Array.isArray(keep)) throw new ServerError('BAD_REQUEST', '`keep` is a list of ids.');
    return c.json({ removed: await store.uploads.sweep(c.var.user, writer, new Set(keep)) });
  });
}

interface FieldTypes {
  string: string;
  number: number;
  object: object;
}

/** Throws ServerError BAD_REQUEST unless each of the fields is there and of its type. */
function fieldsOf<T extends Record<string, keyof FieldTypes>>(body: unknown, types: T): { [Key in keyof T]: FieldTypes[T[Key]] } {
  const fields = (body !== null && typeof body === 'object' ? body : {}) as Record<string, unknown>;
  for (const [name, type] of Object.entries(types)) {
    if (typeof fields[name] !== type || fields[name] === null) throw new ServerError('BAD_REQUEST', `The body must have "${name}", of type ${type === 'object' ? 'array' : type}.`);
  }
  return fields as { [Key in keyof T]: FieldTypes[T[Key]] };
}
