/** The step `run`: a program at its place in the order, such as one that mounts a disk or sends a message. */
import { BatError } from '../core/errors.ts';
import { retry, retryPolicy, retrySchema, type RetryOptions } from '../core/retry.ts';
import { redact } from '../core/secrets.ts';
import { durationPattern, parseDuration } from '../core/units.ts';
import type { HookContext, HookType } from './step.ts';

export interface RunOptions {
  command: string | readonly string[];
  shell?: boolean;
  when?: 'before' | 'after' | 'failure' | 'always';
  timeout?: string;
  retry?: RetryOptions;
}

/** Lines of the program's output that are shown when it fails. */
const LAST_LINES = 10;

export const runHook: HookType<RunOptions> = {
  kind: 'run',
  summary: 'Runs a program before or after the backup, or when it failed.',
  schema: {
    type: 'object',
    description: 'Runs a program. It gets BAT_PLAN, BAT_RUN, BAT_STATUS (running, ok, incomplete, failed) and BAT_EXIT_CODE in its environment.',
    additionalProperties: false,
    required: ['command'],
    examples: [{ command: ['mount', '/mnt/usb'], when: 'before' }, { command: 'curl -fsS https://hc.example/uuid', shell: true, when: 'after' }],
    properties: {
      command: {
        description: 'The program and its arguments. A single string is allowed with `shell: true`, and is run by the shell.',
        oneOf: [{ type: 'array', items: { type: 'string' }, minItems: 1 }, { type: 'string', minLength: 1 }],
        examples: [['mount', '/mnt/usb']],
      },
      shell: { description: 'Run a string by the shell (/bin/sh). Default: false.', type: 'boolean', default: false, examples: [true] },
      when: {
        description:
          'before: ahead of all sources; if it fails nothing is backed up. after: when all went well. failure: when something failed. ' +
          'always: at the end in any case. Default: before if it stands before `select`, else after.',
        enum: ['before', 'after', 'failure', 'always'],
        examples: ['before', 'failure'],
      },
      timeout: { description: 'The program is stopped after this time. Default: none.', type: 'string', pattern: durationPattern, examples: ['5min'] },
      retry: { ...retrySchema, description: 'How often it is run again when it fails. Default: not at all.' },
    },
  },
  when: (options, beforeData) => options.when ?? (beforeData ? 'before' : 'after'),
  async runHook(options, context) {
    const once = { attempts: 1, wait: 1000, maxWait: 60_000, within: Infinity };
    await retry(retryPolicy(options.retry, once), () => runOnce(options, context), {
      signal: context.signal,
      onRetry: ({ error, ...next }) => context.emit({ type: 'retry', step: context.id, message: error.message, ...next }),
    });
  },
};

async function runOnce(options: RunOptions, context: HookContext): Promise<void> {
  const { execa } = await import('execa');
  const shared = {
    cwd: context.folder,
    env: context.environment,
    stdin: 'ignore',
    all: true,
    reject: false,
    cancelSignal: context.signal,
    ...(options.timeout === undefined ? {} : { timeout: parseDuration(options.timeout) }),
  } as const;
  const { command } = options;
  const shown = redact([command].flat().join(' '));
  const result = typeof command === 'string' ? await execa(command, { ...shared, shell: true }) : await execa(command[0]!, command.slice(1), shared);
  context.signal.throwIfAborted();
  if (!result.failed) return;
  const reason = result.timedOut
    ? `was stopped after ${options.timeout}`
    : result.exitCode === undefined
      ? `could not be run (${result.originalMessage ?? result.shortMessage})`
      : `ended with exit code ${result.exitCode}`;
  const output = (result.all ?? '').trim().split('\n').slice(-LAST_LINES).join('\n');
  throw new BatError('COMMAND_FAILED', redact(`The command of step "${context.id}" ${reason}: ${shown}${output ? `\n${output}` : ''}`), {
    hint: 'Run it by hand to see what is wrong.',
    transient: true,
    subject: context.id,
  });
}
