/** Sends a file of the library, or a part of it. */
import { basename } from 'node:path';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { OpenFile } from '../../../library/types.ts';
import { sendStream } from '../../body.ts';
import type { ServerContext } from '../../context.ts';
import { typeByName } from '../../type-by-name.ts';
import { isAsked, type Asked } from './asked.ts';
import { isNotModified, partOf, tagsOf } from './conditions.ts';

const slice = 256 * 1024;

/** Throws ServerError RANGE_REFUSED, PRECONDITION_FAILED. */
export async function sendFile(c: Asked, context: ServerContext, path: string): Promise<Response> {
  const file = await context.library.openFile(path);
  try {
    const tags = tagsOf(file);
    const always = { ETag: tags.etag, 'Last-Modified': tags.lastModified, 'Accept-Ranges': 'bytes', 'Cache-Control': 'private, no-cache' };
    if (isNotModified(c, tags)) {
      c.env.outgoing.writeHead(304, always).end();
      return RESPONSE_ALREADY_SENT;
    }
    const part = partOf(c, tags, file.size);
    const start = part?.start ?? 0;
    const length = part ? part.end - part.start + 1 : file.size;
    const headers = {
      ...always,
      'Content-Type': typeByName(path),
      'Content-Length': length,
      ...(part && { 'Content-Range': `bytes ${part.start}-${part.end}/${file.size}` }),
      ...(isAsked(c, 'download') && { 'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(basename(path)).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)}` }),
    };
    return await sendStream(c, context, part ? 206 : 200, headers, bytesOf(file, start, length));
  } finally {
    await file.handle.close();
  }
}

/** The last piece is only given when the file is known to have stayed as it was: what is thrown here breaks the connection. */
async function* bytesOf({ handle, isAsOpened }: OpenFile, start: number, length: number): AsyncGenerator<Uint8Array, void> {
  for (let done = 0; done < length; ) {
    const buffer = Buffer.allocUnsafe(Math.min(slice, length - done));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, start + done);
    if (bytesRead === 0) throw new Error('the file was cut short while it was sent');
    done += bytesRead;
    if (done === length && !(await isAsOpened())) throw new Error('the file was changed while it was sent');
    yield buffer.subarray(0, bytesRead);
  }
}
