/** Where in the page one is: `#/files/photos/2024/a.jpg`. The part before the first slash names the view. */
import { signal } from '@preact/signals';

export interface Place {
  view: string;
  /** Decoded parts. A path that ends with a slash has an empty last one: it names a folder. */
  path: string[];
  query: URLSearchParams;
}

export const place = signal<Place>(readHash(location.hash));

addEventListener('hashchange', () => {
  place.value = readHash(location.hash);
});

function readHash(hash: string): Place {
  const [address = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [view = '', ...path] = address.split('/').map(decoded);
  return { view, path, query: new URLSearchParams(query) };
}

/** The address of a place in the page, for links. */
export function hashOf(view: string, path: readonly string[] = [], query: Record<string, string> = {}): string {
  const words = new URLSearchParams(query);
  return `#/${[view, ...path].map(encodeURIComponent).join('/')}${words.size > 0 ? `?${words}` : ''}`;
}

/** Goes there. `replace`: the way back skips the place that is left. */
export function go(hash: string, { replace = false } = {}): void {
  if (!replace) {
    location.hash = hash;
    return;
  }
  history.replaceState(null, '', hash);
  place.value = readHash(hash);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
