import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Credential } from './method.ts';

/** Credentials that were accepted when they were last looked at, by their hash. */
export interface ProvenCredentials {
  has(credential: Credential): boolean;
  add(credential: Credential): void;
  remove(credential: Credential): void;
}

const MOST = 10_000;

export function provenCredentials(): ProvenCredentials {
  const proven = new LRUCache<string, true>({ max: MOST });
  return {
    has: (credential) => proven.has(idOf(credential)),
    add: (credential) => void proven.set(idOf(credential), true),
    remove: (credential) => void proven.delete(idOf(credential)),
  };
}

function idOf(credential: Credential): string {
  return hash('sha256', credential.scheme === 'api-key' ? credential.key : credential.token, 'base64url');
}
