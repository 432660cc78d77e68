import type { DemoCredentials } from './index.ts';
import { apiKeyUser, jwtUser } from './users.ts';

const ME = '{ me { id name email } }';

/** What can be pasted into a shell: a query that nobody has to sign in for, and one that tells each user who it is. */
export function linesToTry(endpoint: string, query: string, { jwt, apiKey }: DemoCredentials): string {
  const parts = [`Try:\n${curl(endpoint, query)}`];
  if (jwt !== undefined) {
    parts.push(`As user ${jwtUser.id}, with a JWT:\n${curl(endpoint, ME, `authorization: Bearer ${jwt}`)}`);
  }
  parts.push(`As user ${apiKeyUser.id}, with an API key:\n${curl(endpoint, ME, `x-api-key: ${apiKey}`)}`);
  return parts.join('\n\n');
}

/** @param query without a single quote, which would end the shell's */
function curl(endpoint: string, query: string, ...headers: readonly string[]): string {
  const options = ['content-type: application/json', ...headers].map((header) => `-H '${header}'`).join(' ');
  return `  curl -s ${endpoint} ${options} --data '${JSON.stringify({ query })}'`;
}
