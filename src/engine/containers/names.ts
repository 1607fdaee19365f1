import { randomInt } from 'node:crypto';
import { DhowError } from '#errors/error.ts';

/** Docker's rule for the names of containers and volumes. */
const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** @returns the name without its leading slash. @throws InvalidParameter in Docker's words */
export function parseContainerName(text: string): string {
  const name = text.startsWith('/') ? text.slice(1) : text;
  if (name.length > 255 || !namePattern.test(name)) {
    throw new DhowError(
      'InvalidParameter',
      `Invalid container name (${text.slice(0, 300)}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    );
  }
  return name;
}

const adjectives = (
  'able bold brave breezy bright brisk calm clear cosy deft eager early fair fleet free fresh glad gusty hale handy ' +
  'hardy jolly keen kind light lively lucky merry mild neat nimble noble plain proud quick quiet rapid ready salty ' +
  'sleek smart snug solid sound spry steady still stout sunny sure swift tidy trim true trusty warm wide windy wise'
).split(' ');

const boats = (
  'argosy barge bark brig canoe caravel carrack catboat clipper cog coracle corvette currach cutter dinghy dory drifter ' +
  'felucca ferry frigate galley gig gondola hoy jangada junk kayak ketch kogge lateen lugger nao packet pinnace pirogue ' +
  'proa punt sambuk sampan schooner scow skiff sloop smack tartane tender trawler trireme tug umiak wherry xebec yacht yawl'
).split(' ');

/** A name that nobody gave, such as `brisk_sampan`; asks `isTaken` and adds a number when the words run out. */
export function generateName(isTaken: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt++) {
    const words = `${adjectives[randomInt(adjectives.length)]}_${boats[randomInt(boats.length)]}`;
    const name = attempt < 4 ? words : `${words}${randomInt(10 ** Math.min(attempt - 3, 9))}`;
    if (!isTaken(name)) return name;
  }
}
