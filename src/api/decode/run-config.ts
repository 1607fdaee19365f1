import { type ImageRunConfig, parseRunConfig } from '#image/config.ts';

/**
 * Defaults of an image as a client sends them with `POST /commit`. What is empty says nothing, as Go clients send every field.
 * @throws InvalidParameter
 */
export function decodeRunConfig(body: unknown): ImageRunConfig {
  if (body === undefined || body === null) return {};
  const config = parseRunConfig(Buffer.from(JSON.stringify(body)));
  return Object.fromEntries(Object.entries(config).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === '' || value === undefined || value === null;
}
