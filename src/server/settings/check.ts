/** The rules of serve.yaml that its schema cannot say. */
import { resolvePath } from '../../core/paths.ts';
import { partChecker, type PartChecker } from '../../plan/check-part.ts';
import { checkId } from '../../plan/check-sources.ts';
import type { Loaded } from '../../plan/load.ts';
import { below, type Mistake, type Report } from '../../plan/mistake.ts';
import { either, isMap, nearest, quote, valueWords } from '../../plan/words.ts';
import { isLoopback, parseListen } from './listen-address.ts';
import { folderSchema, serveSchema, userSchema } from './schema.ts';

/** Everything that is wrong. Relative paths start at `folder`; `usualState` is the state folder where the file names none. */
export function checkSettings(loaded: Loaded, folder: string, usualState: string): Mistake[] {
  const mistakes: Mistake[] = [];
  const report: Report = (finding) => mistakes.push(loaded.locate(finding));
  const check = partChecker(loaded, report, report);
  const settings = loaded.value;
  if (!isMap(settings)) {
    report({ pointer: '', message: `The settings are ${valueWords(settings)}.`, expected: 'a map with version, library, users and the like' });
    return mistakes;
  }
  check.part({ pointer: '', name: 'the settings' }, serveSchema, settings);
  const { library, stores, plans, users } = settings;
  if (library === undefined && stores === undefined && plans === undefined) {
    report({ pointer: '', message: 'There is nothing to serve.', expected: 'library: { photos: /srv/photos }, or stores: /srv/backups, or both' });
  }
  if (isMap(library)) checkFolders(library, check);
  if (isMap(users)) checkUsers(users, isMap(library) ? Object.keys(library) : [], check);
  checkListen(settings, check);
  checkPlaces({ ...settings, state: settings['state'] ?? usualState }, folder, check);
  return mistakes;
}

function checkFolders(library: Record<string, unknown>, { part, report }: PartChecker): void {
  for (const [id, value] of Object.entries(library)) {
    const pointer = below('/library', id);
    checkId(id, pointer, report);
    part({ pointer, name: `the folder ${id}` }, folderSchema, value);
  }
}

function checkUsers(users: Record<string, unknown>, folders: readonly string[], { part, report, isUnknown }: PartChecker): void {
  const owners = new Map<string, string>();
  for (const [name, value] of Object.entries(users)) {
    const pointer = below('/users', name);
    checkId(name, pointer, report);
    if (part({ pointer, name: `the user ${name}` }, userSchema, value).length > 0) continue;
    const { token, library = [] } = value as { token: string | string[]; library?: string[] };
    for (const [index, id] of library.entries()) {
      const place = below(pointer, 'library', index);
      if (!folders.includes(id) && !isUnknown(place)) report({ pointer: place, message: `There is no folder ${quote(id)} in the library.`, expected: folders.length > 0 ? either(folders) : 'library: [], since there is none', suggestion: nearest(id, folders) });
    }
    for (const hash of [token].flat()) {
      const owner = owners.get(hash);
      if (owner !== undefined) report({ pointer: below(pointer, 'token'), message: `${owner} has the same token.`, hint: `Make another one with \`bat serve token ${name}\`.` });
      owners.set(hash, `The user ${name}`);
    }
  }
}

/** Whoever can reach an open door must have a token to come in. */
function checkListen({ listen, users }: Record<string, unknown>, { report, isUnknown }: PartChecker): void {
  if (typeof listen !== 'string' || isUnknown('/listen')) return;
  const address = parseListen(listen);
  if (!address) report({ pointer: '/listen', message: `${quote(listen)} has no port that there is.`, expected: 'a port from 0 to 65535' });
  else if (!isLoopback(address.host) && users === undefined) {
    report({ pointer: '/listen', message: `Other machines could reach ${quote(listen)}, and there are no users: everybody could read, change and delete everything.`, expected: 'users: with a token for each, made by `bat serve token`; or listen: 127.0.0.1:7878' });
  }
}

/** No folder lies in another one: each file has one owner, and what the server writes for itself shows nowhere. */
function checkPlaces({ library, stores, state }: Record<string, unknown>, folder: string, { report, isUnknown }: PartChecker): void {
  const places: { pointer: string; name: string; path: string }[] = [];
  const add = (pointer: string, name: string, value: unknown): void => {
    const inner = isMap(value);
    const written = inner ? value['path'] : value;
    const place = inner ? below(pointer, 'path') : pointer;
    if (typeof written === 'string' && written !== '' && !isUnknown(place)) places.push({ pointer: place, name, path: resolvePath(written, folder) });
  };
  for (const [id, value] of Object.entries(isMap(library) ? library : {})) add(below('/library', id), `the folder ${id}`, value);
  add('/stores', 'the stores', stores);
  add('/state', 'the state', state);
  for (const [index, place] of places.entries()) {
    const other = places.find((other, at) => at !== index && (isWithin(place.path, other.path) && (place.path !== other.path || at < index)));
    if (other) report({ pointer: place.pointer, message: `The place of ${place.name} lies within that of ${other.name}.`, hint: 'Give each a place of its own, none within another.' });
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? folder : `${folder}/`);
}
