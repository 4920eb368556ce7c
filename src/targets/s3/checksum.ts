/** What a server calls the bytes of an object. */

/** The tag is the MD5 of the bytes on most servers, but not where a KMS key is at work: it is called so only if it is `md5`. */
export function checksumOf(etag: string | undefined, md5: string | null): string | undefined {
  const value = etag?.replaceAll('"', '');
  if (!value) return undefined;
  return value === md5 ? `md5:${md5}` : `etag:${value}`;
}
