/** Every kind of target that a plan may name. A new kind is added here and nowhere else. */
import { cloudinaryTarget } from './cloudinary.ts';
import { fileTarget } from './file.ts';
import { httpTarget } from './http.ts';
import { b2Target, minioTarget, ociTarget, r2Target } from './s3/presets.ts';
import { s3Target } from './s3.ts';
import type { TargetType } from './target.ts';

/** Each with options of its own: hand `create` those that its schema has passed. */
export const targetTypes: readonly TargetType<never>[] = [fileTarget, httpTarget, s3Target, ociTarget, b2Target, r2Target, minioTarget, cloudinaryTarget] satisfies readonly TargetType<never>[];
