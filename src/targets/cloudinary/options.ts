/** The options of the target as a plan writes them. */
import { sizePattern } from '../../core/units.ts';
import { apiAddressPattern } from './account.ts';

export const cloudinarySchema = {
  description: 'An account at Cloudinary; a free one holds about 25 GB. Objects are private raw assets, in parts where the account takes no large ones.',
  type: 'object',
  additionalProperties: false,
  oneOf: [{ required: ['cloud-name', 'api-key', 'api-secret'] }, { required: ['url'] }],
  examples: [{ 'cloud-name': '${CLOUD_NAME}', 'api-key': '${API_KEY}', 'api-secret': '${API_SECRET}' }, { url: '${CLOUDINARY_URL}' }],
  properties: {
    'cloud-name': { description: 'The cloud name of the account.', type: 'string', minLength: 1, examples: ['${CLOUD_NAME}', 'dx1example'] },
    'api-key': { description: 'The API key, as the console of Cloudinary shows it.', type: 'string', minLength: 1, examples: ['${API_KEY}', '123456789012345'] },
    'api-secret': { description: 'The secret of the API key.', type: 'string', minLength: 1, 'x-secret': true, examples: ['${API_SECRET}'] },
    url: {
      description: 'Cloud name, key and secret in one, instead of the three: `cloudinary://KEY:SECRET@CLOUD`, as the console of Cloudinary gives it.',
      type: 'string',
      minLength: 1,
      'x-secret': true,
      examples: ['${CLOUDINARY_URL}'],
    },
    folder: {
      description: "The folder in the account; the plan's objects lie in a folder of the plan's name below it. Default: none.",
      type: 'string',
      pattern: '^(?!v\\d+(/|$))[A-Za-z0-9][A-Za-z0-9_-]*(/(?!v\\d+(/|$))[A-Za-z0-9][A-Za-z0-9_-]*)*$',
      maxLength: 60,
      examples: ['backups'],
    },
    'upload-prefix': {
      description: 'The address of the API, for accounts elsewhere than in the United States. Default: https://api.cloudinary.com.',
      type: 'string',
      pattern: apiAddressPattern,
      examples: ['https://api-eu.cloudinary.com'],
    },
    signature: { description: 'How requests are signed; sha256 where the account demands it. Default: sha1.', enum: ['sha1', 'sha256'], examples: ['sha256'] },
    'part-size': {
      description: 'The largest asset that is stored; larger objects are stored in parts. Default: what the account allows, and 20 MB at most.',
      type: 'string',
      pattern: sizePattern,
      examples: ['50MB'],
    },
  },
} as const;
