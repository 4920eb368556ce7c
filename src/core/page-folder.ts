/** Where the web page of `bat serve` lies, as it was made for this bat. */
import { join } from 'node:path';

export const pageFolder = join(import.meta.dirname, '..', '..', 'dist', 'web');
