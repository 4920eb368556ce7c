/** What lies where: tables of what is counted, and facts of a single thing a line each. */
import type { ShowItem } from '../../actions/show/items.ts';
import type { Shell } from '../shell.ts';
import { BatchedLines } from './batched-lines.ts';
import { showJson } from './show-json.ts';
import { fileLine, manifestLines, objectLines, snapshotLines, versionLines } from './show-facts.ts';
import { showTable, type TableForm } from './show-table.ts';
import { folderForms, sourceForms, targetForms } from './show-tables.ts';

type Rows<Type extends ShowItem['type']> = Extract<ShowItem, { type: Type }>[];

export async function showItems(shell: Shell, items: AsyncIterable<ShowItem>): Promise<void> {
  const { out } = shell;
  const lines = new BatchedLines(out);
  let gathered: ShowItem[] = [];
  let isFirst = true;
  const begin = (): void => {
    if (!isFirst) lines.add('');
    isFirst = false;
  };
  const putTable = (): void => {
    const forms = formsOf(gathered);
    gathered = [];
    if (!forms) return;
    begin();
    lines.flush();
    showTable(out, ...forms);
  };
  let before: ShowItem['type'] | null = null;
  for await (const item of items) {
    if (shell.json) {
      lines.add(showJson(item));
      continue;
    }
    if (gathered.length > 0 && gathered[0]!.type !== item.type) putTable();
    if (isCounted(item)) gathered.push(item);
    else if (item.type === 'file') {
      if (before !== 'file') begin();
      lines.add(fileLine(item, out.colours));
    } else {
      begin();
      for (const line of factLines(item, shell)) lines.add(line);
    }
    before = item.type;
  }
  putTable();
  lines.flush();
}

function isCounted({ type }: ShowItem): boolean {
  return type === 'source' || type === 'target' || type === 'folder';
}

function formsOf(items: readonly ShowItem[]): [TableForm, ...TableForm[]] | null {
  switch (items[0]?.type) {
    case 'source':
      return sourceForms(items as Rows<'source'>);
    case 'target':
      return targetForms(items as Rows<'target'>);
    case 'folder':
      return folderForms(items as Rows<'folder'>);
    default:
      return null;
  }
}

function factLines(item: ShowItem, { out }: Shell): string[] {
  switch (item.type) {
    case 'snapshot':
      return snapshotLines(item, out.colours);
    case 'version':
      return versionLines(item, out.colours);
    case 'object':
      return objectLines(item, out.colours);
    case 'manifest':
      return manifestLines(item, out.colours);
    default:
      return [];
  }
}
