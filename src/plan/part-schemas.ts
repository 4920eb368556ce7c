/** The schemas of a plan's parts. A plan is checked part by part, so that each mistake is about one thing. */
import { retrySchema } from '../core/retry.ts';
import type { HookType, StepType } from '../steps/step.ts';
import type { TargetType } from '../targets/target.ts';
import { publicKeyPattern } from '../volume/signature.ts';
import { propertiesOf, requiredOf } from './schema-walk.ts';
import { retentionSchema } from './retention.ts';
import type { Schema } from './schema-walk.ts';
import { targetOptionSchemas } from './target-options.ts';

/** The name of a plan, source, step or target. */
export const idSchema: Schema = { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_-]*$', maxLength: 64 };

/** Far more than a plan has; keeps the checks of the graph short whatever a file holds. */
export const mostSteps = 100;

const signerSchema: Schema = { type: 'string', pattern: publicKeyPattern };

/** Everything but what is in `sources`, `steps` and `targets`. */
export const frameSchema: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['version', 'name', 'sources', 'steps', 'targets'],
  patternProperties: { '^x-': { description: 'Not read by bat: a place for &anchors that other parts repeat with *anchor.' } },
  properties: {
    version: { description: 'The version of this format.', const: 1, examples: [1] },
    name: { description: 'The name of the plan: it becomes a folder on each target, so keep it.', ...idSchema, examples: ['nas'] },
    description: { description: 'What the plan is for, in your own words.', type: 'string', examples: ['Photos and documents, nightly, to the NAS and to the cloud'] },
    sources: { description: 'What is backed up: a name of your own for each source.', type: 'object', minProperties: 1, examples: [{ documents: { path: '~/Documents' } }] },
    steps: {
      description: 'What happens to the data, in this order. Each step takes what the one before gives, or the steps named in `from`.',
      type: 'array',
      minItems: 1,
      maxItems: mostSteps,
      examples: [['select', 'tar', 'compress', { encrypt: { to: ['age1…'] } }, { upload: { to: 'usb' } }, 'record']],
    },
    targets: { description: 'Where it is stored: a name of your own for each target.', type: 'object', minProperties: 1, examples: [{ usb: { type: 'file', path: '/mnt/usb/backups' } }] },
    retention: retentionSchema,
    retry: retrySchema,
    signer: {
      description: 'The public keys of the machines that write the backups: `ed25519:` and 44 characters, as `bat recover` and a restore show them. What is signed by no other one is restored. Default: whoever was seen first.',
      anyOf: [signerSchema, { type: 'array', minItems: 1, uniqueItems: true, items: signerSchema }],
      examples: ['ed25519:tuyrGBn7X6qIbDzvPQNhzvGUFCpVGrQhDSJnfVZJvTk='],
    },
    state: { description: 'The folder for the local catalog. Default: the state folder of the user.', type: 'string', minLength: 1, examples: ['/var/lib/bat'] },
  },
};

const fromSchema: Schema = {
  description: 'The step, or the steps, whose output this one takes. Default: the step before it.',
  anyOf: [idSchema, { type: 'array', minItems: 1, uniqueItems: true, items: idSchema }],
  examples: ['compress', ['home', 'away']],
};

/** The options of a step that takes part in the data's way. */
export function stepSchema(type: StepType): Schema {
  return extended(type.schema, type.summary, type.takes.length === 0 ? { id: stepId(type.kind) } : { id: stepId(type.kind), from: fromSchema });
}

export function hookSchema(type: HookType): Schema {
  return extended(type.schema, type.summary, { id: stepId(type.kind) });
}

/** `type` and what every target may say included, as a plan writes it. */
export function targetSchema(type: TargetType<unknown>): Schema {
  const kind = { type: { description: type.summary, const: type.type, examples: [type.type] } };
  return { ...extended(type.schema, type.summary, kind, targetOptionSchemas), required: ['type', ...requiredOf(type.schema)] };
}

function stepId(kind: string): Schema {
  return { description: `The name of this step for the \`from\` of others. Default: ${kind}.`, ...idSchema, examples: [`my-${kind}`] };
}

/** `before` and `after`: options that stand before and after its own. */
function extended(schema: Schema, summary: string, before: Record<string, Schema>, after: Readonly<Record<string, Schema>> = {}): Schema {
  return { description: summary, ...schema, type: 'object', additionalProperties: false, properties: { ...before, ...propertiesOf(schema), ...after } };
}
