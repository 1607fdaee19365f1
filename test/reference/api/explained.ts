/** A difference that is meant, and why. */
export interface Explanation {
  /** Name of the step; undefined for all. */
  step?: string;
  difference: RegExp;
  reason: string;
}

export const explanations: readonly Explanation[] = [
  { difference: /^\.(kind|reason): added$/, reason: 'an error carries its kind for programs' },
  {
    difference: /KernelMemory|AllowNondistributable|Commit\.Expected/,
    reason: 'Docker has dropped these fields since 20.10',
  },
  {
    difference: /(GwPriority|DNSNames|CDISpecDirs): added$/,
    reason: 'Docker has added these fields since 20.10',
  },
  {
    difference: /^\.HostConfig\.\w+: null is array$/,
    reason: 'Dhow does not tell a list that was not given from an empty one; clients do not either',
  },
  {
    difference: /OomKillDisable: boolean is null$/,
    reason: 'nobody asked for it; Docker says null on cgroup v2',
  },
  {
    difference: /RepoDigests: null is array$/,
    reason: 'newer Dockers send an empty list too',
  },
  {
    step: 'image inspect',
    difference: /^\.(Container|(Container)?Config\.\w+): (missing|null is array)$/,
    reason: 'they told of the container that an image was made in; Docker has dropped them',
  },
  {
    step: 'image inspect',
    difference: /GraphDriver\.Data/,
    reason: 'where layers lie is not for others to write to; Docker with containerd sends none either',
  },
  {
    difference: /^status 500 is 4\d\d: /,
    reason: "a client's mistake is told as one, as newer Dockers do",
  },
  {
    step: 'wait bad condition',
    difference: /^status 200 is 400/,
    reason: 'newer Dockers refuse it too',
  },
  { difference: /^\.Error: missing$/, reason: 'left out where there is none, as by newer Dockers' },
  {
    step: 'networks',
    difference: /nothing is something$/,
    reason: 'the order is another, so another network is compared',
  },
  { difference: /EnableIPv4: added$/, reason: 'Docker has added this field since 20.10' },
  {
    difference: /IPAM\.Config\[\]\.Gateway: added$/,
    reason: 'dockerd 20.10 forgets it for the default bridge',
  },
  {
    step: 'version too old',
    difference: /string is object$/,
    reason: 'dockerd 20.10 takes 1.10 for no version at all',
  },
  { step: 'disk usage', difference: /SizeRw: added$/, reason: 'logs lie on the disk too' },
  {
    step: 'disk usage',
    difference: /BuildCache: null is array$/,
    reason: 'newer Dockers send an empty list too',
  },
  { step: 'disk usage', difference: /BuilderSize: missing$/, reason: 'Docker has dropped this field' },
  {
    step: 'stats',
    difference: /added$|null is array$/,
    reason: 'dockerd 20.10 cannot read the control groups of a machine with hybrid hierarchies',
  },
];
