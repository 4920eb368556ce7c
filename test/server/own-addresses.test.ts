import type { NetworkInterfaceInfo } from 'node:os';
import { expect, test } from 'vitest';
import { ownAddresses } from '../../src/server/own-addresses.ts';
import { startServer } from './start-server.ts';

const at = (address: string, internal = false): NetworkInterfaceInfo => ({ address, internal }) as NetworkInterfaceInfo;
const interfaces = { lo: [at('127.0.0.1', true), at('::1', true)], eth0: [at('fe80::1'), at('2001:db8::7'), at('192.168.1.5')], wlan0: [at('10.0.0.5')] };

test('where a server listens on every address, those of the machine are told that others can type', () => {
  expect(ownAddresses('0.0.0.0', interfaces)).toEqual(['192.168.1.5', '10.0.0.5']);
  expect(ownAddresses('::', interfaces)).toEqual(['192.168.1.5', '10.0.0.5', '[2001:db8::7]']);
  for (const host of ['127.0.0.1', '::1', '192.168.1.5', 'nas']) expect(ownAddresses(host, interfaces)).toEqual([]);
  expect(ownAddresses('0.0.0.0', { eth0: Array.from({ length: 9 }, (_, number) => at(`10.0.0.${number}`)) })).toHaveLength(4);
});

test('the server tells them when it listens', async () => {
  const server = await startServer({ settings: { listen: '0.0.0.0:0' } });
  await server.close();
  const { port } = server;
  expect(server.events).toContainEqual({ type: 'listening', url: `http://0.0.0.0:${port}`, addresses: ownAddresses('0.0.0.0').map((address) => `http://${address}:${port}`) });
});
