import { expect, test } from 'vitest';
import { requestReload } from '../../plugins/cli/reload.ts';

test('a reload is asked for by the message that the CLI listens for, and it says whether anybody does', () => {
  // The test runner listens to its own parent.
  const others = process.listeners('message');
  process.removeAllListeners('message');
  try {
    expect(requestReload()).toBe(false);
    const heard: unknown[] = [];
    process.on('message', (message) => heard.push(message));
    expect(requestReload()).toBe(true);
    expect(heard).toEqual(['invalidateUnifiedGraph']);
  } finally {
    process.removeAllListeners('message');
    for (const listener of others) process.on('message', listener);
  }
});
