/**
 * A page that came without TLS from another machine has no WebCrypto. The age library takes its own arithmetic instead where a browser's WebCrypto lacks what it
 * asks for, but does not expect none at all: this says "not supported" in its place.
 */
export function standInForSubtle(): void {
  if (globalThis.crypto.subtle !== undefined) return;
  const refuse = (): never => {
    throw new DOMException('There is no WebCrypto on this page.', 'NotSupportedError');
  };
  Object.defineProperty(globalThis.crypto, 'subtle', { value: { importKey: refuse, deriveBits: refuse } });
}
