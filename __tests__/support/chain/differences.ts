/** Where two pictures differ, one line each. */
export function differences(is: unknown, should: unknown, path = ''): readonly string[] {
  if (typeof is !== 'object' || typeof should !== 'object' || is === null || should === null)
    return is === should
      ? []
      : [`${path}: ${JSON.stringify(is)} instead of ${JSON.stringify(should)}`]
  const keys = new Set([...Object.keys(is), ...Object.keys(should)])
  return [...keys].flatMap((key) =>
    differences(
      (is as Record<string, unknown>)[key],
      (should as Record<string, unknown>)[key],
      `${path}/${key}`,
    ),
  )
}
