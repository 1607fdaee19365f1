import { DhowError } from '#errors/error.ts';
import type { LogSubject } from '#log-drivers/subject.ts';

const shortLength = 12;

/** The fields that Docker documents for the log option `tag`. */
const fields: Readonly<Record<string, (subject: LogSubject) => string>> = {
  ID: ({ id }) => id.slice(0, shortLength),
  FullID: ({ id }) => id,
  Name: ({ name }) => name,
  ImageID: ({ imageId }) => imageId.replace(/^sha256:/, '').slice(0, shortLength),
  ImageFullID: ({ imageId }) => imageId,
  ImageName: ({ imageName }) => imageName,
  DaemonName: () => 'docker',
};

/** @throws InvalidParameter naming a field that there is not */
export function checkTag(template: string): void {
  expandTag(template, { id: '', name: '', imageId: '', imageName: '', labels: {}, environment: [] });
}

/** Docker's template language cut down to its fields, such as `{{.ImageName}}/{{.Name}}`; without a template, the short id. */
export function expandTag(template: string | undefined, subject: LogSubject): string {
  return (template || '{{.ID}}').replaceAll(/\{\{-?\s*(.*?)\s*-?\}\}/g, (_, expression: string) => {
    const field = /^\.\w+$/.test(expression) ? expression.slice(1) : '';
    if (Object.hasOwn(fields, field)) return fields[field]?.(subject) ?? '';
    throw new DhowError(
      'InvalidParameter',
      `invalid log option tag: "${expression.slice(0, 60)}" is not one of ${Object.keys(fields)
        .map((name) => `.${name}`)
        .join(', ')}`,
    );
  });
}
