/**
 * The first event that `act` brings about. A subscription has no answer by which it says that it listens, so `act` is
 * repeated until an event comes; the deadline is the test's.
 */
export async function firstEvent(
  events: AsyncIterableIterator<unknown>,
  act: () => Promise<unknown>,
): Promise<unknown> {
  const event = events.next();
  const arrived = event.then(() => true);
  do await act();
  while (!(await Promise.race([arrived, new Promise((resolve) => setTimeout(resolve, 20, false))])));
  return (await event).value;
}
