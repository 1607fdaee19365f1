/** Credentials for a registry: body of `POST /auth`, and (as base64url JSON) the header `X-Registry-Auth`. */
export interface AuthConfig {
  username?: string;
  password?: string;
  /** base64 of `user:password`, as kept in config.json. */
  auth?: string;
  email?: string;
  serveraddress?: string;
  identitytoken?: string;
  registrytoken?: string;
}

export interface AuthResponse {
  Status: string;
  IdentityToken?: string;
}

/** The value of `X-Registry-Auth`: base64 with the URL alphabet, padded. */
export function encodeAuthHeader(auth: AuthConfig): string {
  return Buffer.from(JSON.stringify(auth)).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}
