/** What devices of the Container Device Interface (CNCF's CDI specification 1.0) change in a container. */
export interface DeviceEdits {
  env: string[];
  deviceNodes: CdiDeviceNode[];
  mounts: { hostPath: string; containerPath: string; type: string; options: string[] }[];
  hooks: { point: HookPoint; path: string; args?: string[]; env?: string[]; timeout?: number }[];
  additionalGids: number[];
}

/** What is left out is as the host's device at `hostPath`. */
export interface CdiDeviceNode {
  hostPath: string;
  containerPath: string;
  permissions: string;
  type?: 'b' | 'c';
  major?: number;
  minor?: number;
  fileMode?: number;
  uid?: number;
  gid?: number;
}

export const hookPoints = [
  'prestart',
  'createRuntime',
  'createContainer',
  'startContainer',
  'poststart',
  'poststop',
] as const;
export type HookPoint = (typeof hookPoints)[number];

/** `vendor.com/class=name` */
export function isCdiName(text: string): boolean {
  return /^[a-zA-Z][\w.-]*\/[a-zA-Z][\w-]*=[a-zA-Z0-9][\w.:-]*$/.test(text);
}
