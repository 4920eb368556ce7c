/** The option `prices` of targets that can say what they cost. */
const price = (description: string, example: number): Record<string, unknown> => ({ description, type: 'number', minimum: 0, examples: [example] });

const readingSchema = (description: string): Record<string, unknown> => ({
  description,
  type: 'object',
  additionalProperties: false,
  examples: [{ gigabyte: 0.02, thousand: 0.1 }],
  properties: {
    gigabyte: price('For each gigabyte.', 0.02),
    thousand: price('For a thousand requests, which is a thousand objects.', 0.1),
  },
});

const classSchema = {
  description: 'What one storage class costs.',
  type: 'object',
  additionalProperties: false,
  examples: [{ storage: 0.0018, put: 0.06 }],
  properties: {
    storage: price('For a gigabyte and a month.', 0.0018),
    put: price('For a thousand uploads.', 0.06),
    'minimum-days': { description: 'An object that is removed earlier is paid for as long as this.', type: 'integer', minimum: 0, examples: [180] },
    'extra-bytes': { description: 'Bytes that the store adds to each object, at the price of the class.', type: 'integer', minimum: 0, examples: [32_768] },
    'extra-standard-bytes': { description: 'Bytes that the store adds to each object, at the price of STANDARD.', type: 'integer', minimum: 0, examples: [8192] },
    retrieval: readingSchema('Reading from a class that is read at once.'),
    thaw: {
      description: 'Thawing from a cold class, by tier.',
      type: 'object',
      additionalProperties: false,
      examples: [{ bulk: { gigabyte: 0.003, thousand: 0.03 } }],
      properties: {
        bulk: readingSchema('The slowest tier.'),
        standard: readingSchema('The tier between.'),
        expedited: readingSchema('The fastest tier.'),
      },
    },
  },
};

export const priceSchema: Record<string, unknown> = {
  description:
    "What the store charges, where it is not what bat's own list says: any of the numbers. With a `currency` that is not that of the list, only the plan's numbers count. A dry run and a restore from cold storage show what comes of them.",
  type: 'object',
  additionalProperties: false,
  examples: [{ region: 'eu-central-1', 'as-of': '2026-11', classes: { DEEP_ARCHIVE: { storage: 0.0018, put: 0.06 } } }],
  properties: {
    currency: { description: 'Three letters.', type: 'string', pattern: '^[A-Z]{3}$', examples: ['EUR'] },
    'as-of': { description: 'When the prices were looked up.', type: 'string', minLength: 1, examples: ['2026-11'] },
    region: { description: 'Where they hold.', type: 'string', minLength: 1, examples: ['eu-central-1'] },
    source: { description: 'Where they are from.', type: 'string', minLength: 1, examples: ['our contract'] },
    download: price('For a gigabyte that leaves the store over the internet.', 0.09),
    classes: {
      description: 'Storage classes by name.',
      type: 'object',
      additionalProperties: classSchema,
      examples: [{ DEEP_ARCHIVE: { storage: 0.0018, put: 0.06 } }],
    },
  },
};
