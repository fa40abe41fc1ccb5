/**
 * The ways in which a rollout goes wrong, by the letters of docs/ecs.md: one word each, what a person reads first, and what that
 * person does next. Every end of a watch that is not simply proven has one of them.
 */
export const classes = {
  refused: {
    letter: 'A',
    title: 'refused by AWS',
    next: 'do what the refusal says, then run again',
  },
  image: {
    letter: 'B',
    title: 'image cannot be pulled',
    next: 'push the image again under its digest or tag, or name another destination in to:',
  },
  start: {
    letter: 'C',
    title: 'tasks cannot start',
    next: 'mend what the tasks cannot get (secret, parameter, role, network, log group), then run again, or name another destination in to:',
  },
  crash: {
    letter: 'D',
    title: 'containers crash',
    next: 'read the log of the container; what it needs may have changed since it was good (secrets, schema): mend that, or name another destination in to:',
  },
  health: {
    letter: 'E',
    title: 'health checks fail',
    next: 'compare what the target group asks with what the container answers; mend it, then run again, or name another destination in to:',
  },
  capacity: {
    letter: 'F',
    title: 'no place for tasks',
    next: 'make room for the tasks, then run again',
  },
  noise: { letter: 'G', title: 'platform noise', next: 'run again' },
  verdict: {
    letter: 'H',
    title: 'ECS gave up',
    next: 'look at what ECS says above: mend it (an alarm, a failed task), then run again',
  },
  undone: {
    letter: 'I',
    title: 'UNDONE BY ECS',
    next: 'the BAD version serves: mend why the tasks failed, then run again, or name another destination in to:',
  },
  superseded: {
    letter: 'J',
    title: 'superseded',
    next: 'look who deployed: if that is the fix, close this rollback',
  },
  draining: {
    letter: 'K',
    title: 'old tasks still end',
    next: 'wait until the old tasks have ended before the schema or the data go back',
  },
  calm: {
    letter: 'L',
    title: 'false calm',
    next: 'what runs is not what was wanted: push the old digest to the tag, or name another destination in to:',
  },
  vanished: {
    letter: 'M',
    title: 'vanished',
    next: 'look whether somebody deleted the service or the cluster',
  },
  unseen: {
    letter: 'N',
    title: 'cannot look',
    next: 'mend what is in the way of looking, then run again to attach: ECS goes on by itself',
  },
} as const

/** One of them, by its word. */
export type Class = keyof typeof classes

/** `E, health checks fail`. */
export const classText = (one: Class) => `${classes[one].letter}, ${classes[one].title}`
