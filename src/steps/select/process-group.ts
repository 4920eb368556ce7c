/** Starts a command as the head of a process group of its own, so that all it started can be ended with it. */
import type { Readable } from 'node:stream';
import type { SourceCommand } from '../source.ts';

/** Milliseconds a command has to end by itself once it was asked to. */
const GRACE = 2000;

/** Groups that must not outlive bat, by the process id of their head. */
const groups = new Set<number>();
let isWatchingExit = false;

export interface RunningCommand {
  output: Readable;
  /** Text; must be read, or the command stops once the pipe is full. */
  errors: Readable;
  /** Waits for the end of the command. Null if it succeeded. */
  failure(): Promise<CommandFailure | null>;
  /** Ends the command if it still runs, and all that it started. Resolves when it is gone. */
  end(): Promise<void>;
}

export interface CommandFailure {
  /** What happened, in words that follow "the command". */
  reason: string;
  hint: string;
}

export async function startCommand({ command, shell, folder }: SourceCommand): Promise<RunningCommand> {
  const { execa } = await import('execa');
  const options = { cwd: folder, stdin: 'ignore', buffer: false, reject: false, detached: true, cleanup: false } as const;
  const [program = '', ...args] = command;
  const child = shell ? execa(command.join(' '), { ...options, shell: true }) : execa(program, args, options);
  const { pid } = child;
  if (pid !== undefined) endWithBat(pid);
  let isRunning = true;
  const ended = child.then((result) => {
    isRunning = false;
    return result;
  });
  child.stderr.setEncoding('utf8');

  return {
    output: child.stdout,
    errors: child.stderr,
    async failure() {
      const result = await ended;
      return result.failed ? describeFailure(result) : null;
    },
    async end() {
      if (pid !== undefined && (isRunning || !child.stdout.readableEnded)) {
        signalGroup(pid, 'SIGTERM');
        const deadline = setTimeout(() => {
          signalGroup(pid, 'SIGKILL');
          // Whoever left the group may hold this pipe open for ever. Not earlier: a command may complain while it tidies up.
          child.stderr.destroy();
        }, GRACE);
        child.stdout.destroy();
        await ended;
        clearTimeout(deadline);
        // What the head of the group left behind had its notice too.
        signalGroup(pid, 'SIGKILL');
      }
      if (pid !== undefined) groups.delete(pid);
    },
  };
}

function endWithBat(pid: number): void {
  groups.add(pid);
  if (isWatchingExit) return;
  isWatchingExit = true;
  process.on('exit', () => groups.forEach((group) => signalGroup(group, 'SIGKILL')));
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already, which is what was wanted.
  }
}

function describeFailure(result: { exitCode?: number | undefined; signal?: string | undefined; code?: string | undefined; originalMessage?: string | undefined }): CommandFailure {
  const hint = 'Run it by hand in the same folder to see why. Nothing of its output was kept as a snapshot.';
  if (result.exitCode !== undefined) return { reason: `failed with exit code ${result.exitCode}`, hint };
  if (result.signal) return { reason: `was ended by the signal ${result.signal}`, hint };
  if (result.originalMessage?.includes('"cwd"')) {
    return { reason: 'could not be started, since its folder is not there', hint: 'Does the folder of the plan still exist?' };
  }
  if (result.code === 'ENOENT') {
    return { reason: 'could not be started, since there is no such program', hint: 'Is the program installed, and in the PATH of the user that runs bat?' };
  }
  if (result.code === 'EACCES') {
    return { reason: 'could not be started, since it may not be run', hint: 'Is the program executable for the user that runs bat?' };
  }
  return { reason: `could not be started (${result.originalMessage ?? 'the reason is unknown'})`, hint };
}
