/** The alias by which a daemon knows the links that it has made for networks, also those that its database has forgotten. */
export function ownAlias(table: string): string {
  return `dhow ${table}`;
}
