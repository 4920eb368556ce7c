import { useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from '../parts/icons.tsx';
import { hashOf } from '../shell/router.ts';
import { folders } from '../shell/session.ts';
import { takesDrops } from './drag.ts';

/** Where one is: each folder above is a link, and takes what is dragged onto it. */
export function Breadcrumbs({ folder, words }: { folder: string; words: string }) {
  const parts = folder === '' ? [] : folder.split('/');
  const isSearch = words !== '';
  const showsRoot = isSearch || folders.value.length > 1 || parts.length === 0;
  const list = useRef<HTMLOListElement>(null);
  // On a narrow page the end is what matters.
  useLayoutEffect(() => {
    list.current!.scrollLeft = list.current!.scrollWidth;
  }, [folder, words]);
  return (
    <nav class="breadcrumbs" aria-label="Folder">
      <ol ref={list}>
        {showsRoot && (
          <li>
            <a href={hashOf('files', [''])} aria-current={parts.length === 0 && !isSearch ? 'page' : undefined}>
              All folders
            </a>
          </li>
        )}
        {isSearch ? (
          <li>
            <Icon name="right" />
            <span class="here cut">Found: “{words}”</span>
          </li>
        ) : (
          parts.map((part, index) => {
            const path = parts.slice(0, index + 1);
            const isHere = index === parts.length - 1;
            return (
              <li key={path.join('/')}>
                {(showsRoot || index > 0) && <Icon name="right" />}
                <a href={hashOf('files', [...path, ''])} aria-current={isHere ? 'page' : undefined} class="cut" {...(isHere ? {} : takesDrops(path.join('/')))}>
                  {part}
                </a>
              </li>
            );
          })
        )}
      </ol>
    </nav>
  );
}
