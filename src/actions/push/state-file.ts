/** Where pushes keep what they know of this machine's files. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
export function hashesFile(environment: NodeJS.ProcessEnv): string {
  return join(environment['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'bat', 'push', 'hashes.db');
}
