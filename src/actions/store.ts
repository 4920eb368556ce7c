/** What a target holds, seen by someone who has nothing but the target and, where it is sealed, a key. */
export { chooseSnapshots } from './store/choose.ts';
export { openKeys, type KeyInputs } from './store/keys.ts';
export { listSnapshots, type StoredSnapshot } from './store/list.ts';
export { readSnapshot } from './store/read.ts';
