/** Puts what a walk found out into the table, where the table is still what the walk saw: uploads and moves go on meanwhile. */
import type { FileMarks } from '../stamp.ts';
import type { FilePlace, FileTable } from '../table/files.ts';
import type { Difference } from '../thread/messages.ts';
import type { SyncCounts } from './counts.ts';

export function applyDifferences(table: FileTable, folder: string, differences: readonly Difference[], counts: SyncCounts): void {
  table.database.atOnce(() => {
    for (const difference of differences) applyOne(table, folder, difference, counts);
  });
}

function applyOne(table: FileTable, folder: string, difference: Difference, counts: SyncCounts): void {
  if (difference.kind === 'changed') {
    table.changeRow(difference.id, difference.stamp, difference.marks);
    return;
  }
  const place: FilePlace = { folder, ...difference.place };
  switch (difference.kind) {
    case 'new':
      table.add(place, difference.marks, null, null);
      return;
    case 'replaced':
      // The row that stood there may have gone along with its file already, to the new name of that.
      if (!table.replaceRow(difference.id, difference.stamp, place, difference.marks)) table.add(place, difference.marks, null, null);
      return;
    case 'moved':
      if (table.moveRow(difference.id, difference.stamp, place, difference.marks)) counts.renamed++;
      else table.add(place, difference.marks, null, null);
      return;
    case 'linked':
      addName(table, place, difference.marks);
      return;
    case 'gone':
      table.setGone(difference.id, difference.stamp, place);
      return;
  }
}

/** What stood in its place was another file. It is read: the one whose name it shares may have been written to since that was. */
function addName(table: FileTable, place: FilePlace, marks: FileMarks): void {
  const before = table.at(place);
  if (before) table.setAside(before, '');
  table.add(place, marks, null, null);
}
