/** Takes the lines of one manifest into the catalog: its objects, the places of its chunks, and its entries, which are laid over nothing yet. */
import type { Catalog } from '../../catalog/catalog.ts';
import { ImportedEntries } from '../../catalog/import/imported-entries.ts';
import { ImportedVolumes } from '../../catalog/import/imported-volumes.ts';
import type { ObjectReceipt } from '../../catalog/object-rows.ts';
import { Volumes } from '../../catalog/volumes.ts';
import { pathDanger } from '../../core/paths.ts';
import type { ManifestEntry, ManifestHeader, ManifestLine, ManifestVolume } from '../../volume/manifest.ts';
import { runOfObject, volumeNamePattern } from '../../volume/names.ts';
import { checkVolume, damagedManifest, volumeOf } from '../../volume/manifest-checks.ts';

export interface ContentOptions {
  catalog: Catalog;
  /** Ids of the plan's targets: what a manifest says of others is passed over. */
  targets: readonly string[];
  /** Of two manifests that say different things of an object the later one is right. */
  replaces: boolean;
}

/** What one manifest came to. */
export interface TakenManifest {
  /** Ids of the volumes that its lines speak of. */
  volumes: number[];
  /** Entries and removals. */
  lines: number;
}

/** Lines between two turns of the event loop. */
const betweenTurns = 2000;

export class ManifestContent {
  readonly entries: ImportedEntries;
  readonly objects: ImportedVolumes;
  readonly #places: Volumes;
  readonly #targets: readonly string[];

  constructor({ catalog, targets, replaces }: ContentOptions) {
    this.entries = new ImportedEntries(catalog);
    this.objects = new ImportedVolumes(catalog, { replaces });
    this.#places = new Volumes(catalog);
    this.#targets = targets;
  }

  /**
   * Reads the lines behind the header. `label`: what the entries are kept under. `assumed`: whom what is sealed is taken to be
   * sealed to where the manifest does not say so. Nothing of it may stay if this throws.
   */
  async take(lines: AsyncIterable<ManifestLine>, header: ManifestHeader, { label, subject, assumed, signal }: { label: string; subject: string; assumed: () => Promise<readonly string[]>; signal: AbortSignal }): Promise<TakenManifest> {
    const volumes = new Map<number, { id: number; decoded: number; recipients: readonly string[] | null }>();
    const taken: TakenManifest = { volumes: [], lines: 0 };
    let count = 0;
    this.entries.begin(label);
    for await (const line of lines) {
      if (++count % betweenTurns === 0) {
        await new Promise(setImmediate);
        signal.throwIfAborted();
      }
      if (line.kind === 'volume') {
        if (volumes.has(line.volume.number)) throw damagedManifest(subject, `it has two volumes of the number ${line.volume.number}`);
        const recipients = line.volume.sealed ? (recipientsOf(line.volume, header, volumes) ?? (await assumed())) : null;
        const id = this.#addVolume(line.volume, recipients, header, subject);
        volumes.set(line.volume.number, { id, decoded: line.volume.decoded, recipients });
        taken.volumes.push(id);
      } else if (line.kind === 'entry') {
        taken.lines++;
        checkPath(line.entry.path, subject);
        this.entries.put(line.entry, this.#contentOf(line.entry, volumes, subject));
      } else if (line.kind === 'removed') {
        taken.lines++;
        checkPath(line.path, subject);
        this.entries.remove(line.path);
      }
    }
    if (this.entries.count() !== taken.lines) throw damagedManifest(subject, 'a path stands in it twice');
    return taken;
  }

  #addVolume(volume: ManifestVolume, recipients: readonly string[] | null, header: ManifestHeader, subject: string): number {
    checkVolume(volume, subject);
    const { name, size, decoded, codec, frames, copyOf } = volume;
    const added = this.objects.add({
      name, size, decoded, codec, frames, recipients, copyOf,
      sha256: Buffer.from(volume.sha256, 'hex'),
      maker: volumeNamePattern.test(name) ? 'tar' : 'files',
      run: runOfObject(name) ?? header.run,
      source: header.source,
    });
    if (!added) throw damagedManifest(subject, `what it says of ${name} is not what this machine stored there`);
    for (const target of this.#targets) {
      const receipt = receiptOf(volume, target);
      if (receipt) this.objects.claim(added.id, target, receipt);
    }
    return added.volume;
  }

  #contentOf({ sha256, chunks }: ManifestEntry, volumes: ReadonlyMap<number, { id: number; decoded: number }>, subject: string): { sha256: Buffer; chunks: number[] } | null {
    if (sha256 === undefined || !chunks) return null;
    const ids = chunks.map((chunk) => {
      const { id } = volumeOf(chunk, volumes, subject);
      return this.#places.addPlace(Buffer.from(chunk.sha256, 'hex'), { volume: id, offset: chunk.offset, length: chunk.length });
    });
    return { sha256: Buffer.from(sha256, 'hex'), chunks: ids };
  }
}

/** Null in what an older bat wrote. */
function recipientsOf({ recipients }: ManifestVolume, header: ManifestHeader, volumes: ReadonlyMap<number, { recipients: readonly string[] | null }>): readonly string[] | null {
  if (typeof recipients === 'number') return volumes.get(recipients)?.recipients ?? null;
  return recipients ?? header.recipients ?? null;
}

/** What stands there has not been checked: it is anybody's JSON. */
function receiptOf({ targets }: ManifestVolume, target: string): ObjectReceipt | null {
  const claimed = (targets as Record<string, Partial<Record<keyof ObjectReceipt, unknown>> | null> | null)?.[target];
  if (!claimed) return null;
  const { parts, checksum, storageClass } = claimed;
  return {
    parts: Number.isSafeInteger(parts) && (parts as number) > 0 ? (parts as number) : 1,
    ...(typeof checksum === 'string' ? { checksum } : {}),
    ...(typeof storageClass === 'string' ? { storageClass } : {}),
  };
}

function checkPath(path: string, subject: string): void {
  const danger = pathDanger(path);
  if (danger !== null) throw damagedManifest(subject, `a path in it cannot be: ${danger}`);
}
