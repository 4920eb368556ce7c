export const isInside = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
