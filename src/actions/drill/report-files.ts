/** The report of a drill as two files: Markdown for a person, JSON for a program. Each is there whole or not at all. */
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { BatError, systemReason } from '../../core/errors.ts';
import { makeFolder } from '../../core/make-folder.ts';
import { redact } from '../../core/secrets.ts';
import type { DrillReport } from './contract.ts';
import { reportJson } from './report-json.ts';
import { reportMarkdown } from './report-markdown.ts';

/** Before the work is done for which there would be no report. Throws DISK_FAILED. */
export async function checkReportFolder(folder: string): Promise<void> {
  try {
    makeFolder(folder);
  } catch (error) {
    throw problem(folder, error);
  }
}

/** Returns the files, the Markdown first. Throws DISK_FAILED. */
export async function writeReport(folder: string, report: DrillReport): Promise<string[]> {
  const name = `${report.plan}-${report.target}-${report.time.replace(/[-:]|\..*/g, '').replace('T', '-')}`;
  const contents: [string, string][] = [[`${name}.md`, reportMarkdown(report)], [`${name}.json`, `${JSON.stringify(reportJson(report), null, 2)}\n`]];
  try {
    for (const [file, text] of contents) await writeFileAtomic(join(folder, file), redact(text));
  } catch (error) {
    throw problem(folder, error);
  }
  return contents.map(([file]) => join(folder, file));
}

function problem(folder: string, cause: unknown): BatError {
  return new BatError('DISK_FAILED', `The report of the drill cannot be written to ${folder}: ${systemReason(cause)}.`, { hint: 'Name another folder with --report.', cause, subject: folder });
}
