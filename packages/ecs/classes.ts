/**
 * The ways in which a rollout goes wrong, by the letters of docs/ecs.md: one word each, and what a person reads first. Every
 * end of a watch that is not simply proven has one of them.
 */
export const classes = {
  refused: { letter: 'A', title: 'refused by AWS' },
  image: { letter: 'B', title: 'image cannot be pulled' },
  start: { letter: 'C', title: 'tasks cannot start' },
  crash: { letter: 'D', title: 'containers crash' },
  health: { letter: 'E', title: 'health checks fail' },
  capacity: { letter: 'F', title: 'no place for tasks' },
  noise: { letter: 'G', title: 'platform noise' },
  verdict: { letter: 'H', title: 'ECS gave up' },
  undone: { letter: 'I', title: 'UNDONE BY ECS' },
  superseded: { letter: 'J', title: 'superseded' },
  draining: { letter: 'K', title: 'old tasks still end' },
  calm: { letter: 'L', title: 'false calm' },
  vanished: { letter: 'M', title: 'vanished' },
  unseen: { letter: 'N', title: 'cannot look' },
} as const

/** One of them, by its word. */
export type Class = keyof typeof classes

/** `E, health checks fail`. */
export const classText = (one: Class) => `${classes[one].letter}, ${classes[one].title}`
