/** Small steps and targets that stand in for the real ones, and plans in temporary folders. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { BatError } from '../../src/core/errors.ts';
import { retrySchema } from '../../src/core/retry.ts';
import { sizePattern } from '../../src/core/units.ts';
import type { Registries } from '../../src/plan/kinds.ts';
import { checkPlan } from '../../src/plan/plan.ts';
import type { CheckOptions } from '../../src/plan/plan.ts';
import type { Flow } from '../../src/steps/flow.ts';
import type { HookType, StepType } from '../../src/steps/step.ts';
import type { TargetType } from '../../src/targets/target.ts';

type Options = Record<string, unknown>;

const text = (example: string): Options => ({ description: 'A text.', type: 'string', minLength: 1, examples: [example] });
const texts = (example: string): Options => ({ description: 'One or several.', oneOf: [{ type: 'string' }, { type: 'array', minItems: 1, items: { type: 'string' } }], examples: [example] });
const secret = (example: string): Options => ({ description: 'A secret.', type: 'string', minLength: 8, 'x-secret': true, examples: [example] });

export const registries: Registries = {
  steps: [
    step('select', [], 'entries', { detect: { description: 'How.', enum: ['metadata', 'checksum'], examples: ['checksum'] } }),
    step('tar', ['entries'], 'objects', { volume: { description: 'How large.', type: ['string', 'integer'], pattern: sizePattern, examples: ['128MiB'] } }),
    step('files', ['entries'], 'objects', {}),
    step('compress', ['objects'], 'objects', {
      codec: { description: 'How.', enum: ['zstd', 'gzip', 'none'], examples: ['zstd'] },
      level: { description: 'How hard.', type: 'integer', minimum: 1, maximum: 19, examples: [3] },
    }),
    {
      ...step('encrypt', ['objects'], 'objects', { to: texts('age1…'), 'recipients-file': text('recipients.txt'), passphrase: secret('${PASSPHRASE}') }),
      check(options) {
        for (const recipient of [(options as { to?: string | string[] }).to ?? []].flat()) {
          if (!recipient.startsWith('age1')) throw new BatError('PLAN_INVALID', `${recipient} is no recipient.`, { hint: 'Make one with `bat keygen`.', subject: recipient });
        }
      },
    },
    step('upload', ['objects'], 'receipts', { to: texts('usb'), retry: retrySchema }, ['to']),
    step('record', ['receipts'], null, { summary: text('summary.csv'), log: text('logs') }),
  ],
  hooks: [
    {
      kind: 'run',
      summary: 'Runs a program.',
      schema: {
        type: 'object',
        additionalProperties: false,
        required: ['command'],
        properties: {
          command: texts('true'),
          shell: { description: 'By the shell.', type: 'boolean', examples: [true] },
          when: { description: 'When.', enum: ['before', 'after', 'failure', 'always'], examples: ['before'] },
        },
      },
      when: (options, beforeData) => (options as { when?: 'always' }).when ?? (beforeData ? 'before' : 'after'),
      runHook: () => Promise.resolve(),
    } satisfies HookType,
  ],
  targets: [target('file', { path: text('/mnt/usb') }, ['path']), target('vault', { url: text('https://vault.example'), key: secret('${KEY}'), login: { description: 'Who.', type: 'object', additionalProperties: false, properties: { password: secret('${PASSWORD}') }, examples: [{ password: '${PASSWORD}' }] } }, ['key'])],
};

/** The lines of a plan that is right, for tests to change one. */
export const rightPlan = `version: 1
name: nas
sources:
  docs: { path: ~/Documents }
steps:
  - select
  - tar: { volume: 64MiB }
  - compress
  - upload: { to: usb }
  - record
targets:
  usb: { type: file, path: /mnt/usb }
`;

/** A folder that is gone when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bat-plan-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The plan's file in a folder of its own. */
export function planFile(plan: string | Uint8Array): string {
  const file = join(temporaryFolder(), 'bat.yaml');
  writeFileSync(file, plan);
  return file;
}

export function check(plan: string | Uint8Array, options: Partial<CheckOptions> = {}): ReturnType<typeof checkPlan> {
  return checkPlan(planFile(plan), { registries, environment: {}, ...options });
}

/** The mistakes as `12:3 message`, with what is expected and suggested behind. */
export async function mistakesOf(plan: string | Uint8Array, options: Partial<CheckOptions> = {}): Promise<string[]> {
  const { mistakes } = await check(plan, options);
  return mistakes.map((mistake) => [`${mistake.line}:${mistake.column} ${mistake.message}`, mistake.expected && `[${mistake.expected}]`, mistake.suggestion && `(${mistake.suggestion})`].filter(Boolean).join(' '));
}

function step(kind: string, takes: Flow[], gives: Flow | null, properties: Options, required: string[] = []): StepType {
  return { kind, summary: `The step ${kind}.`, takes, gives, schema: { type: 'object', additionalProperties: false, properties, required }, run: () => nothing() };
}

function target(type: string, properties: Options, required: string[]): TargetType<unknown> {
  return {
    type,
    summary: `The target ${type}.`,
    schema: { type: 'object', additionalProperties: false, properties, required },
    create: () => {
      throw new Error('A check makes no target.');
    },
  };
}

async function* nothing(): AsyncGenerator<never> {}
