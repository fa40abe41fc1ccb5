import type { ServiceState } from './documents.ts'

/** The tag of an image reference `[registry[:port]/]name[:tag][@digest]`; `latest` when it names neither tag nor digest. */
export function tagOf(image: string): string | undefined {
  const [name = '', digest] = image.split('@')
  const colon = name.lastIndexOf(':')
  if (colon > name.lastIndexOf('/')) return name.slice(colon + 1)
  return digest === undefined ? 'latest' : undefined
}

/** What services run, in a few words: by tag, or by the beginning of a digest, with the services that share it. */
export function imagesText(services: readonly ServiceState[]): string {
  const groups = new Map<string, string[]>()
  for (const { name, containers } of services) {
    const label = labelOf(containers)
    groups.set(label, [...(groups.get(label) ?? []), name])
  }
  return [...groups].map(([label, names]) => `${label}: ${names.join(', ')}`).join('; ')
}

type Containers = ServiceState['containers']

/** One image is named by itself; several by their containers. */
function labelOf(containers: Containers): string {
  const [first] = containers
  if (first === undefined) return 'no image'
  if (containers.length === 1) return versionOf(first)
  return containers.map((one) => `${one.name} ${versionOf(one)}`).join(' + ')
}

const versionOf = ({ image, digest }: Containers[number]) =>
  tagOf(image) ?? (digest ?? image.split('@')[1] ?? 'unknown').replace('sha256:', '').slice(0, 12)
