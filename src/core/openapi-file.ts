/** The description of the server's API, as it lies in the package. */
import { join } from 'node:path';

export const openapiFile = join(import.meta.dirname, '..', '..', 'docs', 'openapi.yaml');
