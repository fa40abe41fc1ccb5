/** The listener that the sandbox's balancer has in front of a target group. */
export const listenerArnOf = (targetGroupArn: string): string =>
  targetGroupArn.replace(/:targetgroup\/([^/]+)\/(.+)$/, ':listener/app/$1/$2/$2')
