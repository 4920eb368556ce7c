import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeAreas } from '../../src/server/app.ts';
import { statusCodes } from '../../src/server/errors.ts';
import { api, answerProblem, apiText, describedOperations } from './api-description.ts';
import { startServer, type TestServer } from './start-server.ts';

let server: TestServer;
beforeAll(async () => void (server = await startServer()));
afterAll(() => server.close());

/** The first part of the path. */
const areaOf = (operation: string): string => operation.split('/')[1]!;

test('docs/openapi.yaml is OpenAPI', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(apiText);
  expect(errors).toBeUndefined();
  expect([valid, validator.version]).toEqual([true, '3.1']);
});

test('every route of the server is described, and nothing else is', () => {
  const routes = makeAreas(server.context).routes.filter(({ method }) => method !== 'OPTIONS').map(({ method, path }) => `${method} ${path.replaceAll(/:\w+(?:\{.*?\})?/g, '{}').replace(/\*$/, '{}')}`);
  const described = describedOperations();
  expect([...new Set(routes)].filter((route) => !described.includes(route))).toEqual([]);
  const areas = new Set(routes.map(areaOf));
  expect(described.filter((operation) => areas.has(areaOf(operation)) && !routes.includes(operation))).toEqual([]);
});

test('every code of an error is described, and no other', () => {
  expect(api.components.schemas['ErrorCode']!.enum).toEqual(Object.keys(statusCodes));
});

test('it is had from the server itself', async () => {
  const answer = await server.fetch('/openapi.yaml', { as: null });
  expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([200, 'application/yaml; charset=utf-8', apiText]);
});

test.each([
  ['GET', '/health', null, 200],
  ['GET', '/session', 'anna', 200],
  ['GET', '/session', null, 401],
  ['POST', '/session', 'camera', 201],
  ['DELETE', '/session', 'anna', 204],
  ['GET', '/nothing', 'anna', 404],
  ['PUT', '/session', 'anna', 405],
])('%s %s as %s answers %i, as it is described', async (method, path, as, status) => {
  const answer = await server.fetch(path, { method, as });
  expect(answer.status).toBe(status);
  expect(answerProblem(method, path, status, answer.headers.get('content-type'), await answer.text())).toBeNull();
});

test('what does not fit is found', () => {
  expect(answerProblem('GET', '/health', 200, 'application/json', '{"ok":false}')).toContain('must be equal to constant');
  expect(answerProblem('GET', '/health', 404, 'application/json', '{"error":"x"}')).toContain('must be object');
  expect(answerProblem('GET', '/health', 418, 'text/plain', 'x')).toContain('text/plain, which is not described');
  expect(answerProblem('GET', '/session', 206, 'application/json', '{}')).toContain('is not described');
});
