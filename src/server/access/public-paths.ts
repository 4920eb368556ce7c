/** What everybody may fetch: the page itself, which holds nothing of anybody, and that the server lives. */

const paths = new Set(['/', '/health', '/openapi.yaml', '/favicon.ico', '/favicon.svg', '/manifest.webmanifest']);

export function isPublic(method: string, path: string): boolean {
  return (method === 'GET' || method === 'HEAD') && (paths.has(path) || path.startsWith('/assets/'));
}
