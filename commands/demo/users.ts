/** A user of the demo subgraphs, and what the user's credential says. */
export interface DemoUser {
  readonly id: string;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly tier: string;
}

/** Signs in with a JWT. */
export const jwtUser: DemoUser = { id: '1', scopes: ['accounts:read'], roles: [], tier: 'gold' };

/** Has an API key. */
export const apiKeyUser: DemoUser = { id: '2', scopes: [], roles: [], tier: 'free' };
