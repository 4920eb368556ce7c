/** Which public ids the service takes. */
import { Refusal } from './refusal.ts';

const refusedEndings = new Set(['bin', 'out', 'run', 'exe', 'apk', 'app', 'cmd', 'job', 'ps1']);

export function checkPublicId(id: string): void {
  if (id === '') throw new Refusal(400, 'Missing required parameter - public_id');
  if (id.length > 255) throw new Refusal(400, 'public_id (too long) must be at most 255 characters');
  if (/[?&#\\%<>+]/.test(id)) throw new Refusal(400, `public_id (${id}) is invalid`);
  if (/^[\s/]|[\s/]$|\/\//.test(id)) throw new Refusal(400, `public_id (${id}) must not start or end with a space or a slash`);
  const parts = id.split('/');
  if (parts.slice(0, -1).some((part) => /^v\d+$/.test(part))) throw new Refusal(400, `public_id (${id}) must not have a folder that looks like a version`);
  const ending = /\.([^.]+)$/.exec(parts.at(-1)!)?.[1]?.toLowerCase();
  if (ending !== undefined && refusedEndings.has(ending)) throw new Refusal(400, `File format not allowed: ${ending}`);
}
