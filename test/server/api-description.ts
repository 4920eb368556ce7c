/** docs/openapi.yaml, read as a client would read it: is there such an operation, and does an answer fit what it says? */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

export const apiText = readFileSync(join(import.meta.dirname, '../../docs/openapi.yaml'), 'utf8');

interface Described {
  $ref?: string;
  content?: Record<string, { schema?: object }>;
}
type Operation = { responses: Record<string, Described> };

export const api = parse(apiText) as { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, { enum?: string[] }>; responses: Record<string, Described> } };

const methods = new Set(['get', 'post', 'put', 'patch', 'delete', 'options', 'head']);

/** `GET /files/{}`: every operation that is described, names of parameters left out. */
export function describedOperations(): string[] {
  return Object.entries(api.paths).flatMap(([path, item]) => Object.keys(item).filter((key) => methods.has(key)).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '{}')}`));
}

const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema({ $id: 'api', components: api.components });
const compiled = new Map<object, ValidateFunction>();

/** Why an answer is not what is described; null if it is. */
export function answerProblem(method: string, path: string, status: number, type: string | null, body: string): string | null {
  const operation = operationOf(method === 'HEAD' ? 'get' : method.toLowerCase(), path);
  if (method === 'OPTIONS' && status < 300) return null;
  const what = `${method} ${path} (${status})`;
  const described = resolve(operation?.responses[String(status)] ?? (status >= 400 ? (operation?.responses['default'] ?? { $ref: '#/components/responses/Error' }) : undefined));
  if (!described) return `${what} is not described`;
  if (method === 'HEAD' || method === 'OPTIONS' || body === '') return null;
  const plain = (type ?? '').split(';', 1)[0]!.trim();
  const content = described.content?.[plain] ?? described.content?.[`${plain.split('/')[0]}/*`] ?? described.content?.['*/*'];
  if (!content) return `${what} answers ${plain}, which is not described`;
  if (!content.schema || plain !== 'application/json') return null;
  const validate = validatorOf(content.schema);
  return validate(JSON.parse(body)) ? null : `${what} answers ${body.slice(0, 500)}: ${ajv.errorsText(validate.errors)}`;
}

/** One with fewer parameters goes first; a parameter `path` may hold slashes. */
function operationOf(method: string, path: string): Operation | undefined {
  const fits = Object.keys(api.paths).filter((template) => new RegExp(`^${template.replaceAll(/[.+]/g, '\\$&').replaceAll(/\{(?:path|object)\}/g, '.+').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path) && api.paths[template]![method]);
  const [best] = fits.sort((one, other) => one.split('{').length - other.split('{').length);
  return best === undefined ? undefined : api.paths[best]![method];
}

function resolve(described: Described | undefined): Described | undefined {
  return described?.$ref === undefined ? described : api.components.responses[described.$ref.split('/').at(-1)!];
}

/** The references in it lead into the components. */
function validatorOf(schema: object): ValidateFunction {
  let validate = compiled.get(schema);
  if (!validate) {
    validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"api#/components/')) as object);
    compiled.set(schema, validate);
  }
  return validate;
}
