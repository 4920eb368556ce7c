/** Lists whose signer has a successor, as readers take them. */
import { succeededIn, type SignedList } from '../../volume/signed-list.ts';

/**
 * What a list names that another of these succeeds is that other one's matter: it names nothing any more. Its serial is that up to which the successor
 * had read what the signer wrote.
 */
export function judgedBySuccessors(lists: readonly SignedList[]): SignedList[] {
  const succeeded = succeededIn(lists);
  return lists.map((list) => {
    const upTo = succeeded.get(list.signer) ?? -1;
    return upTo >= list.serial ? { ...list, serial: upTo, manifests: [] } : list;
  });
}

/** Those that no other one of these succeeds. */
export function currentLists(lists: readonly SignedList[]): SignedList[] {
  const succeeded = succeededIn(lists);
  return lists.filter(({ signer, serial }) => (succeeded.get(signer) ?? -1) < serial);
}
