/** From a source as the plan writes it to what the steps work with. */
import { basename } from 'node:path';
import { resolvePath } from '../core/paths.ts';
import { parseSize } from '../core/units.ts';
import type { Root, Source, SourceCommand } from '../steps/source.ts';
import type { SourceOptions } from './source-schema.ts';

const defaultIgnoreFile = '.batignore';

/** `options` has passed its checks; relative paths start at `folder`. */
export function resolveSource(id: string, options: SourceOptions, folder: string): Source {
  const largest = options['exclude-larger-than'];
  const ignoreFile = options['ignore-file'] ?? defaultIgnoreFile;
  return {
    id,
    category: options.category ?? '',
    roots: rootsOf(options.path, folder),
    command: commandOf(options, folder),
    filters: {
      exclude: [options.exclude ?? []].flat(),
      excludeCaches: options['exclude-caches'] ?? false,
      excludeIfPresent: [options['exclude-if-present'] ?? []].flat(),
      excludeLargerThan: largest === undefined ? null : parseSize(largest),
      oneFileSystem: options['one-file-system'] ?? false,
      ignoreFile: ignoreFile === false ? null : ignoreFile,
      symlinks: options.symlinks ?? 'keep',
    },
  };
}

/** Each path of a list stands under its last part, also when it is the only one: a second may follow some day. */
function rootsOf(path: SourceOptions['path'], folder: string): Root[] {
  if (path === undefined) return [];
  if (typeof path === 'string') return [{ prefix: '', path: resolvePath(path, folder) }];
  return path.map((item) => {
    const absolute = resolvePath(item, folder);
    return { prefix: basename(absolute), path: absolute };
  });
}

function commandOf({ command, shell, as }: SourceOptions, folder: string): SourceCommand | null {
  return command === undefined ? null : { command: [command].flat(), shell: shell ?? false, as: as ?? '', folder };
}
