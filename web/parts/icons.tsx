/** The signs of the page, drawn here: 24 by 24, in the colour of the text around them. They say nothing to a screen reader: what they stand for is in words beside. */
const shapes = {
  bat: 'M12 10.2c.5 0 .9-.1 1.2-.4l1-1.9.6 2.4c1.5-1.6 3.9-2.6 6.7-2.5-1.2 1.3-1.7 2.8-1.6 4.7-1.8-.8-3.2-.5-4.1.8-.6-.6-1.2-.9-1.9-.7-.4 1.6-1 2.9-1.9 4.1-.9-1.2-1.5-2.5-1.9-4.1-.7-.2-1.3.1-1.9.7-.9-1.3-2.3-1.6-4.1-.8.1-1.9-.4-3.4-1.6-4.7 2.8-.1 5.2.9 6.7 2.5l.6-2.4 1 1.9c.3.3.7.4 1.2.4z',
  folder: 'M3.5 7.5a2 2 0 0 1 2-2h3.6l2 2.2h7.4a2 2 0 0 1 2 2v7.3a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2z',
  file: 'M6.5 3.5h7l4 4v13h-11zM13.5 3.5v4h4',
  image: 'M4 5.5h16v13H4zM4 15.5l4.5-4 4 3.5 2.5-2 5 4M15.5 9.5h.01',
  video: 'M4 6.5h11v11H4zM15 10.5l5-3v9l-5-3',
  audio: 'M9 17.5V6l9-2v11.5M9 17.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM18 15.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z',
  upload: 'M12 15.5V4.5M7.5 9 12 4.5 16.5 9M4.5 15.5v4h15v-4',
  download: 'M12 4.5v11M7.5 11l4.5 4.5 4.5-4.5M4.5 15.5v4h15v-4',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5l5 5',
  more: 'M5.5 12h.01M12 12h.01M18.5 12h.01',
  close: 'M6 6l12 12M18 6 6 18',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  right: 'M9.5 6l6 6-6 6',
  left: 'M14.5 6l-6 6 6 6',
  up: 'M6 14.5l6-6 6 6',
  down: 'M6 9.5l6 6 6-6',
  list: 'M4.5 6.5h15M4.5 12h15M4.5 17.5h15',
  grid: 'M4.5 4.5h6v6h-6zM13.5 4.5h6v6h-6zM4.5 13.5h6v6h-6zM13.5 13.5h6v6h-6z',
  rename: 'M4.5 19.5l1-4L16 5l3 3L8.5 18.5zM14 7l3 3',
  move: 'M3.5 7.5a2 2 0 0 1 2-2h3.6l2 2.2h7.4a2 2 0 0 1 2 2v7.3a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2zM8.5 13.2h6.5M12.5 10.7l2.5 2.5-2.5 2.5',
  delete: 'M5 7h14M9.5 7V4.5h5V7M7 7l.8 12.5h8.4L17 7M10.5 10.5v5.5M13.5 10.5v5.5',
  pause: 'M8.5 6v12M15.5 6v12',
  play: 'M8 5.5l10 6.5-10 6.5z',
  again: 'M19.5 12a7.5 7.5 0 1 1-2.3-5.4M19.5 4v4h-4',
  newFolder: 'M3.5 7.5a2 2 0 0 1 2-2h3.6l2 2.2h7.4a2 2 0 0 1 2 2v7.3a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2zM12 10.5v5.5M9.2 13.2h5.6',
  warning: 'M12 4.5 21 19.5H3zM12 10.5v4M12 17h.01',
  signOut: 'M13.5 4.5h-8v15h8M10.5 12h10M17 8.5l3.5 3.5-3.5 3.5',
  shield: 'M12 3.5l7 2.5v5.5c0 4.5-3 7.5-7 9-4-1.5-7-4.5-7-9V6z',
  key: 'M8.5 19a3.5 3.5 0 1 1 0-7 3.5 3.5 0 0 1 0 7zM11 13 19 5M16 8l2.5 2.5M14 10l1.5 1.5',
  calendar: 'M4.5 6h15v13.5h-15zM4.5 10h15M8.5 3.5V7M15.5 3.5V7',
} as const;

export type IconName = keyof typeof shapes;

const kinds: Partial<Record<IconName, string>> = { bat: 'icon filled', more: 'icon heavy' };

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={kinds[name] ?? 'icon'} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={shapes[name]} />
    </svg>
  );
}
