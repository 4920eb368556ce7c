import { bat } from './bat.ts';
import { borg } from './borg.ts';
import type { Contender, ContenderName, Place } from './contender.ts';
import { pipe } from './pipe.ts';
import { restic } from './restic.ts';

export const contenders: Record<ContenderName, (place: Place) => Contender> = { bat, restic, borg, pipe };
