import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { fileUrl } from '../api/library.ts';
import { ApiError, request } from '../api/request.ts';
import { Problem } from '../parts/problem.tsx';
import { Working } from '../parts/working.tsx';

/** Bytes that are shown of a long text. */
const most = 256 * 1024;

export const isText = (name: string): boolean => /\.(txt|md|csv|tsv|json|jsonl|ya?ml|toml|ini|log|xml|html?|css|[jt]sx?|py|sh|c|h|rs|go|java|sql|tex|srt)$/i.test(name);

/** The beginning of a text, as text: nothing in it is taken for anything else. */
export function TextPreview({ path }: { path: string }) {
  const text = useSignal<string | null>(null);
  const cut = useSignal(false);
  const problem = useSignal<unknown>(null);
  useEffect(() => {
    const stop = new AbortController();
    void (async () => {
      try {
        const response = await request('GET', fileUrl(path), { headers: { Range: `bytes=0-${most - 1}` }, signal: stop.signal });
        const whole = Number(response.headers.get('Content-Range')?.split('/')[1] ?? 0);
        text.value = await response.text();
        cut.value = whole > most;
      } catch (error) {
        // An empty file has no range.
        if (error instanceof ApiError && error.status === 416) text.value = '';
        else if (!stop.signal.aborted) problem.value = error;
      }
    })();
    return () => stop.abort();
  }, [path]);
  if (problem.value) return <Problem error={problem.value} />;
  if (text.value === null) return <Working label="Opening the text" />;
  return (
    <div class="text-preview">
      <pre tabIndex={0}>{text.value}</pre>
      {cut.value && <p class="quiet-text">This is the beginning. Download it to read on.</p>}
    </div>
  );
}
