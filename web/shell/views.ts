/** The views of the page, by the first word of the address. Each is loaded when it is first shown. */
import type { ComponentType } from 'preact';
import type { Session } from '../api/session.ts';
import type { IconName } from '../parts/icons.tsx';

export interface ViewProps {
  /** Decoded parts after the view's own word. */
  path: string[];
  query: URLSearchParams;
}

export interface View {
  title: string;
  icon: IconName;
  /** Whether this person has any use for it. */
  shown(session: Session): boolean;
  load(): Promise<{ default: ComponentType<ViewProps> }>;
}

export const views: Record<string, View> = {
  files: { title: 'Files', icon: 'folder', shown: ({ library }) => library.length > 0, load: () => import('../files/view.tsx') },
  backups: { title: 'Backups', icon: 'shield', shown: ({ backups }) => backups, load: () => import('../backups/view.tsx') },
};
