/** Whether an environment variable, if it is set, means yes. */
export function saysYes(value: string | undefined): boolean {
  return ['1', 't', 'true', 'y', 'yes'].includes(value?.trim().toLowerCase() ?? '');
}
