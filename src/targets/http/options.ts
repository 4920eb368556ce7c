/** The options of a target on a bat server. */
import { parseSize, sizePattern } from '../../core/units.ts';
import { BatError } from '../../core/errors.ts';

export interface HttpOptions {
  url: string;
  token?: string;
  ca?: string;
  'part-size'?: string | number;
}

const defaultPartSize = '8MiB';
const smallestPart = 64 * 1024;
const largestPart = 512 * 2 ** 20;

export const httpSchema = {
  description: 'A bat server: another machine on which `bat serve` runs.',
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  examples: [{ url: 'https://nas:7878', token: '${NAS_TOKEN}', ca: 'nas.pem' }],
  properties: {
    url: {
      description: "The server's address, with its port.",
      type: 'string',
      pattern: '^https?://[^/?#@\\s]+(/[^?#\\s]*)?$',
      examples: ['https://nas:7878', 'http://127.0.0.1:7878'],
    },
    token: {
      description: 'The token that `bat serve token` printed for this machine. Default: none, for a server without users.',
      type: 'string',
      minLength: 1,
      'x-secret': true,
      examples: ['${NAS_TOKEN}'],
    },
    ca: {
      description: "The file of a certificate (PEM) that is trusted in place of those that the system trusts: the server's own, or that of the CA that signed it. Relative to the plan's folder.",
      type: 'string',
      minLength: 1,
      examples: ['nas.pem'],
    },
    'part-size': {
      description: `How large a part of an upload is: 64KiB to 512MiB. Several are held in memory. Default: ${defaultPartSize}.`,
      type: ['string', 'integer'],
      pattern: sizePattern,
      minimum: smallestPart,
      maximum: largestPart,
      default: defaultPartSize,
      examples: ['16MiB'],
    },
  },
};

/** Bytes. Throws PLAN_INVALID for a size that no part can have. */
export function partSizeOf(options: Pick<HttpOptions, 'part-size'>): number {
  const size = parseSize(options['part-size'] ?? defaultPartSize);
  if (size >= smallestPart && size <= largestPart) return size;
  throw new BatError('PLAN_INVALID', `A part-size of ${options['part-size']} is ${size < smallestPart ? 'too small' : 'too large'}.`, { hint: 'Give 64KiB to 512MiB.', subject: 'part-size' });
}
