/** Which sign stands for a file, by the end of its name. */
import type { IconName } from '../parts/icons.tsx';
import type { Row } from './row.ts';

const kinds: [RegExp, IconName][] = [
  [/\.(jpe?g|png|gif|webp|avif|heic|heif|tiff?|bmp|dng|cr2|cr3|nef|arw|raf|orf|rw2)$/i, 'image'],
  [/\.(mp4|m4v|mov|webm|mkv|avi|mpe?g|3gp)$/i, 'video'],
  [/\.(mp3|m4a|aac|ogg|opus|flac|wav)$/i, 'audio'],
];

export function iconOf({ type, name }: Pick<Row, 'type' | 'name'>): IconName {
  if (type === 'folder') return 'folder';
  return kinds.find(([pattern]) => pattern.test(name))?.[1] ?? 'file';
}
