/** Faults that look random and are the same for the same seed and the same order of requests. */
import type { Fault, FaultPlan, ProxiedRequest } from './faulty-proxy.ts';

export interface SeededFaults {
  seed: number;
  /** Of the requests, from 0 to 1; a tenth unless given. */
  share?: number;
  /** Those to choose from, as `faultNames` has them; all unless given. */
  only?: readonly FaultName[];
  /** Whether the answer is data that its reader can check. Others are never truncated or corrupted: nobody could tell. */
  isData?: (request: Readonly<ProxiedRequest>) => boolean;
  /** Whether the server can check the body of the request. Others are never corrupted. All can be checked unless given. */
  hasSum?: (request: Readonly<ProxiedRequest>) => boolean;
}

const s3Error = (code: string) => `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${code}</Message></Error>`;
const xml = { 'content-type': 'application/xml' };

const faults = {
  'internal error': { kind: 'answer', status: 500, headers: xml, body: s3Error('InternalError') },
  'slow down': { kind: 'answer', status: 503, headers: xml, body: s3Error('SlowDown') },
  'slow down, told how long': { kind: 'answer', status: 503, headers: { ...xml, 'retry-after': '1' }, body: s3Error('SlowDown') },
  'too many requests': { kind: 'answer', status: 429, headers: xml, body: s3Error('TooManyRequests') },
  'too many requests, told how long': { kind: 'answer', status: 429, headers: { ...xml, 'retry-after': '1' }, body: s3Error('TooManyRequests') },
  /** Of something in between that wants a word first, not of the server. It stays for a few requests. */
  'forbidden for a while': { kind: 'answer', status: 403, headers: { 'content-type': 'text/html' }, body: '<html><body>Please sign in to the network.</body></html>' },
  delay: { kind: 'delay', milliseconds: 100 },
  'drop-request': { kind: 'drop-request' },
  'drop-response': { kind: 'drop-response' },
  'lose-answer': { kind: 'lose-answer' },
  'truncate-response': { kind: 'truncate-response' },
  'corrupt-request': { kind: 'corrupt-request' },
  'corrupt-response': { kind: 'corrupt-response' },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;

export const faultNames = Object.keys(faults) as FaultName[];

export function seededFaults({ seed, share = 0.1, only = faultNames, isData = isObjectRead, hasSum = () => true }: SeededFaults): FaultPlan {
  const random = randomNumbers(seed);
  let forbidden = 0;
  return (request) => {
    if (forbidden > 0) {
      forbidden--;
      return faults['forbidden for a while'];
    }
    if (random() >= share) return undefined;
    const possible = only.filter((name) => canBefall(name, request, { isData, hasSum }));
    const name = possible[Math.floor(random() * possible.length)];
    if (name === undefined) return undefined;
    if (name === 'forbidden for a while') forbidden = Math.floor(random() * 3);
    return faults[name];
  };
}

function canBefall(name: FaultName, request: Readonly<ProxiedRequest>, { isData, hasSum }: Required<Pick<SeededFaults, 'isData' | 'hasSum'>>): boolean {
  if (name === 'drop-request') return request.size > 0;
  if (name === 'corrupt-request') return request.size > 0 && hasSum(request);
  if (name === 'drop-response') return request.method === 'GET';
  if (name === 'truncate-response' || name === 'corrupt-response') return isData(request);
  return true;
}

/** GetObject of S3: a key, and nothing asked about it. */
function isObjectRead({ method, url }: Readonly<ProxiedRequest>): boolean {
  return method === 'GET' && /^\/[^/?]+\/[^?]+(\?x-id=GetObject)?$/.test(url);
}

/** From 0 up to 1, by xorshift. */
function randomNumbers(seed: number): () => number {
  let state = Math.imul(seed + 1, 2_654_435_761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
