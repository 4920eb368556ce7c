/** Something is on its way. */
export function Working({ label }: { label: string }) {
  return (
    <div class="working" role="status">
      <span class="spinner" />
      <span>{label} …</span>
    </div>
  );
}
