/** Paths as a person names them. */

/** The path within a source: a first part that is the source's name is not part of it. */
export function pathIn(path: string, source: string): string {
  const plain = path.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
  if (plain === '.' || plain === source) return '';
  return plain.startsWith(`${source}/`) ? plain.slice(source.length + 1) : plain;
}
