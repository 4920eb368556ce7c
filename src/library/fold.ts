/** Names as a search compares them: without regard to case and accents, so that `creme` finds `Crème.jpg`. */
export function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}
