/** An account at the emulator, and targets that store there. */
import { CloudinaryTarget } from '../../src/targets/cloudinary.ts';
import type { TargetContext } from '../../src/targets/target.ts';
import type { CloudinaryServer, CloudinarySettings } from '../servers/cloudinary-server.ts';
import { startCloudinary } from '../servers/cloudinary-server.ts';

export interface CloudinaryAccount {
  server: CloudinaryServer;
  /** Another instance, with these options changed. */
  target(options?: Record<string, unknown>, context?: Partial<TargetContext>, surroundings?: { idle?: number; now?: () => number }): CloudinaryTarget;
}

export async function cloudinaryAccount(settings: Partial<CloudinarySettings> = {}): Promise<CloudinaryAccount> {
  const server = await startCloudinary(settings);
  return {
    server,
    target: (options = {}, context = {}, surroundings = {}) => {
      const { cloudName, apiKey, apiSecret } = server.settings;
      const given = { 'cloud-name': cloudName, 'api-key': apiKey, 'api-secret': apiSecret, 'upload-prefix': server.url, folder: 'backups', ...options };
      return new CloudinaryTarget('cloud', given, { folder: '/plans', plan: 'nas', ...context }, { now: () => server.settings.now(), idle: 20_000, ...surroundings });
    },
  };
}
