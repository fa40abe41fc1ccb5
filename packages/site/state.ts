/** Where a site lies. */
export interface Site {
  readonly bucket: string
  /** Empty, or a folder with its slash: `app/`. */
  readonly prefix: string
  /** The CloudFront distribution before it. */
  readonly distribution: string | undefined
}

/** `s3://bucket/prefix`, as a person names it. */
export const locationOf = ({ bucket, prefix }: Pick<Site, 'bucket' | 'prefix'>) =>
  `s3://${bucket}/${prefix}`

/** One version or delete marker of a key. */
export interface Version {
  readonly key: string
  readonly versionId: string
  readonly marker: boolean
  readonly latest: boolean
  /** Milliseconds. S3 keeps whole seconds. */
  readonly modified: number
  /** Without quotes; empty for a marker. */
  readonly etag: string
  readonly size: number
  readonly storageClass: string
}

/** What tells a version of a key from every other: its id, or its content where S3 overwrites the version `null`. */
export const identityOf = ({ versionId, etag }: Pick<Version, 'versionId' | 'etag'>) =>
  versionId === 'null' ? etag : versionId

/** All versions and markers of one key, newest first. */
export interface History {
  readonly key: string
  readonly versions: readonly Version[]
}

/** What an object is to a browser; the order of a restore depends on it. */
export type Kind = 'asset' | 'file' | 'document' | 'service-worker'

/** A whole second, which is all that S3 tells of a moment. */
export const secondOf = (milliseconds: number) => Math.floor(milliseconds / 1000)
