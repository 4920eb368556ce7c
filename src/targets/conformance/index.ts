/** The whole contract as cases, in the order in which they are best asked. */
import { accessCases, connectionCases } from './access.ts';
import type { CaseGroup } from './case.ts';
import { limitCases } from './limits.ts';
import { listingCases } from './listing.ts';
import { nameCases } from './names.ts';
import { objectCases } from './objects.ts';
import { unfinishedCases } from './unfinished.ts';
import { uploadCases } from './uploads.ts';

export const conformance: readonly CaseGroup[] = [
  { name: 'access', cases: accessCases },
  { name: 'limits', cases: limitCases },
  { name: 'connection', cases: connectionCases },
  { name: 'objects', cases: objectCases },
  { name: 'uploads', cases: uploadCases },
  { name: 'unfinished uploads', cases: unfinishedCases },
  { name: 'names', cases: nameCases },
  { name: 'listing', cases: listingCases },
];
