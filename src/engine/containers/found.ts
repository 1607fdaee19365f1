import { DhowError, kindOf, messageOf } from '#errors/error.ts';

/**
 * What else a container that is to be made needs. Clients take NotFound for a missing image of the container, and pull that.
 * @throws InvalidParameter for what is not there
 */
export function found<T>(find: () => T): T {
  try {
    return find();
  } catch (error) {
    if (kindOf(error) !== 'NotFound') throw error;
    throw new DhowError('InvalidParameter', messageOf(error), { cause: error });
  }
}
