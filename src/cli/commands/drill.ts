/** `bat drill` */
import { randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { DrillFailed, DrillOptions } from '../../actions/drill.ts';
import { BatError } from '../../core/errors.ts';
import { parseSize, sizePattern } from '../../core/units.ts';
import { thawTiers, usualThawDays, type ThawTier } from '../../targets/cold-storage.ts';
import { openPlan } from '../choose-plan.ts';
import { addExamples, collect } from '../command-help.ts';
import type { Shell } from '../shell.ts';

interface DrillFlags {
  from?: string;
  sample: DrillOptions['sample'];
  seed?: number;
  report?: string | false;
  scratch?: string;
  identity?: string[];
  tier?: ThawTier;
  wait?: boolean;
  quiet?: boolean;
}

const usualSample: DrillOptions['sample'] = { files: 20 };

export function drillCommand(shell: Shell): Command {
  const command = new Command('drill')
    .summary('try whether the backup comes back')
    .description(
      'Restores files chosen by chance from a target into a scratch folder, compares them with what was recorded and with the disk, and writes a report. Fit for a monthly cron job: the exit code is 0 only if everything came back.',
    )
    .argument('[plan]', 'the plan; without one bat.yaml here, or the only one in plans/')
    .option('--from <target>', 'restore from this one (default: the one whose last drill is the longest ago)')
    .addOption(new Option('--sample <amount>', 'so many files (20), a share (5%), a size (1GiB), or all').argParser(parseSample).default(usualSample, '20'))
    .addOption(new Option('--seed <number>', 'choose the same files as the drill whose report has this number').argParser(parseSeed))
    .option('--report <dir>', 'where the report goes (default: drills, beside the plan)')
    .option('--no-report', 'write no report')
    .option('--scratch <dir>', 'restore into a folder in this one (default: the folder for temporary files)')
    .option('-i, --identity <file>', 'a file with the secret key; - reads standard input (repeatable)', collect)
    .addOption(new Option('--tier <tier>', 'thaw what is in cold storage by this tier; without it, that is left out').choices(thawTiers))
    .option('--wait', 'wait for the thaw; without it, the exit code is 75 and the same command goes on later')
    .option('-q, --quiet', 'say warnings and errors only')
    .option('--json', 'one JSON object a line, for programs')
    .action((named: string | undefined, flags: DrillFlags) => tryBackup(shell, named, flags));
  return addExamples(command, [
    ['bat drill -i nas.key.txt', 'twenty files, from the target that was not tried for longest'],
    ['bat drill --from cloud --sample 5% -i key.txt', 'more of them, from this one'],
    ['bat drill --sample all --scratch /mnt/big -i key.txt', 'every file of every snapshot'],
    ['bat drill -q -i key.txt', 'from cron: silent unless something is wrong'],
  ]);
}

async function tryBackup(shell: Shell, named: string | undefined, flags: DrillFlags): Promise<void> {
  const { plan } = await openPlan(shell, named, { complete: false });
  const [{ drill }, { gatherKeys }, { thawPolicy }, { restoreView }, views] = await Promise.all([
    import('../../actions/drill.ts'),
    import('../identities.ts'),
    import('../thaw-policy.ts'),
    import('../views/restore.ts'),
    import('../views/drill.ts'),
  ]);
  const quiet = flags.quiet ?? false;
  const view = shell.json ? (await import('../views/events-json.ts')).eventsJsonView(shell) : restoreView(shell, { quiet });
  const keys = await gatherKeys(shell, plan, flags.identity ?? []);
  const thaw = flags.tier === undefined ? null : thawPolicy(shell, { tier: flags.tier, days: usualThawDays, wait: flags.wait ?? false, quiet });
  if (flags.wait && thaw === null) throw new BatError('USAGE', 'Without --tier nothing is thawed that could be waited for.', { hint: `Add --tier ${thawTiers.join(' or --tier ')}.` });
  try {
    const result = await drill({
      plan,
      from: flags.from ?? null,
      sample: flags.sample,
      seed: flags.seed ?? randomInt(2 ** 32),
      report: flags.report === false ? null : flags.report === undefined ? join(plan.folder, 'drills') : resolve(flags.report),
      scratch: resolve(flags.scratch ?? tmpdir()),
      keys,
      thaw,
      environment: shell.environment,
      emit: view.emit,
      signal: shell.signal,
    });
    view.finish();
    if (shell.json) shell.emitJson('summary', views.drillFields(result.report, result.files, 0));
    else if (!quiet) views.showDrill(shell.out, result.report, result.files);
  } catch (error) {
    view.finish(error);
    const { result } = error as Partial<DrillFailed>;
    if (error instanceof BatError && result) {
      if (shell.json) shell.emitJson('summary', views.drillFields(result.report, result.files, error.exitCode));
      else if (!quiet) views.showDrill(shell.out, result.report, result.files);
    }
    throw error;
  }
}

function parseSample(text: string): DrillOptions['sample'] {
  if (text === 'all') return 'all';
  const share = /^(\d+(?:\.\d+)?)%$/.exec(text);
  if (share && Number(share[1]) > 0 && Number(share[1]) <= 100) return { share: Number(share[1]) / 100 };
  if (/^[1-9]\d{0,8}$/.test(text)) return { files: Number(text) };
  if (/[a-z]/i.test(text) && new RegExp(sizePattern).test(text) && parseSize(text) > 0) return { bytes: parseSize(text) };
  throw new InvalidArgumentError('Give a number of files (20), a share (5%), a size (1GiB), or all.');
}

function parseSeed(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || seed >= 2 ** 32) throw new InvalidArgumentError('Give the whole number that a report has as its seed.');
  return seed;
}
