import { setFlagsFromString } from 'node:v8';

/**
 * Lets V8 make all objects in the young generation, whose collection costs by what survives. Of sites whose objects survived a
 * few times, as they do while a server warms up, it makes them old at once: then each object of a request that is over
 * keeps all else of that request through those collections, which thus go on surviving, and the site is never judged
 * again. For the whole process.
 */
export function keepObjectsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
