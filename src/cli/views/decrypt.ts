/** What came out of a downloaded file. */
import type { Decrypted } from '../../actions/decrypt.ts';
import { formatBytes, formatCount } from '../../core/units.ts';
import type { Shell } from '../shell.ts';

export function showDecrypted(shell: Shell, { file, output, bytes, parts }: Decrypted): void {
  if (shell.json) return shell.emitJson('decrypted', { file, output, bytes, parts });
  const joined = parts > 1 ? `, joined of ${formatCount(parts, 'part')}` : '';
  shell.out.line(`${file} → ${output} (${formatBytes(bytes)}${joined})`);
}
