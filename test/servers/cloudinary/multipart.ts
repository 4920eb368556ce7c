/** Bodies of requests: multipart/form-data with one file in it at most, and plain forms. */
import { Refusal } from './refusal.ts';

export interface Form {
  fields: Map<string, string>;
  file: Buffer | null;
}

export function parseForm(contentType: string, body: Buffer): Form {
  if (contentType.startsWith('application/x-www-form-urlencoded')) return { fields: new Map(new URLSearchParams(body.toString())), file: null };
  const boundary = /^multipart\/form-data;\s*boundary="?([^";]+)"?$/.exec(contentType)?.[1];
  if (boundary === undefined) throw new Refusal(400, 'Invalid request: multipart/form-data is expected');
  return parseMultipart(body, Buffer.from(`\r\n--${boundary}`));
}

function parseMultipart(body: Buffer, delimiter: Buffer): Form {
  const form: Form = { fields: new Map(), file: null };
  // The first delimiter has no line before it.
  let at = delimiter.length - 2;
  if (!body.subarray(0, at).equals(delimiter.subarray(2))) throw broken();
  while (body.subarray(at, at + 2).toString() !== '--') {
    const headersEnd = body.indexOf('\r\n\r\n', at);
    const end = headersEnd < 0 ? -1 : body.indexOf(delimiter, headersEnd + 4 - 2);
    if (end < 0) throw broken();
    addPart(form, body.subarray(at, headersEnd).toString(), body.subarray(headersEnd + 4, end));
    at = end + delimiter.length;
  }
  return form;
}

function addPart(form: Form, headers: string, content: Buffer): void {
  const [, name, filename] = /content-disposition: form-data; name="([^"]+)"(?:; filename="([^"]*)")?/i.exec(headers) ?? [];
  if (name === undefined) throw broken();
  if (filename === undefined) form.fields.set(name, content.toString());
  else form.file = content;
}

function broken(): Refusal {
  return new Refusal(400, 'Invalid request: the multipart body is broken');
}
