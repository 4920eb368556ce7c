/** What a target holds, seen by someone who has nothing but the target and, where it is sealed, a key. */
export { chooseSnapshots, type SnapshotChoice } from './store/choose.ts';
export { openKeys, type KeyInputs } from './store/keys.ts';
export { listSnapshots, type StoredSnapshot } from './store/list.ts';
export { readSnapshot, type SnapshotLine } from './store/read.ts';
