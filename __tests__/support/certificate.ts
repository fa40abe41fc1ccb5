import { generateKeyPairSync, sign } from 'node:crypto'

/** DER, as much of it as a certificate takes (X.690, RFC 5280). */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const { length } = body
  const size =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), body])
}

const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts)
const bytes = (...values: readonly number[]) => Buffer.from(values)
const oid = (...values: readonly number[]) => der(0x06, bytes(...values))
const ecdsaWithSha256 = () => sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02))
const pem = (body: Buffer) =>
  `-----BEGIN CERTIFICATE-----\n${body.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`

/** A key of its own and a certificate for 127.0.0.1 signed with it, so that none lies in the repository. */
export function ownCertificate(): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const commonName = der(0x0c, Buffer.from('chat of the tests'))
  const name = sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), commonName)))
  const time = (year: string) => der(0x17, Buffer.from(`${year}0101000000Z`))
  const address = sequence(der(0x87, bytes(127, 0, 0, 1)))
  const authority = sequence(der(0x01, bytes(0xff)))
  const extensions = sequence(
    sequence(oid(0x55, 0x1d, 0x11), der(0x04, address)),
    sequence(oid(0x55, 0x1d, 0x13), der(0x01, bytes(0xff)), der(0x04, authority)),
  )
  const body = sequence(
    ...[der(0xa0, der(0x02, bytes(2))), der(0x02, bytes(1)), ecdsaWithSha256(), name],
    ...[sequence(time('20'), time('49')), name],
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  )
  const signature = der(0x03, bytes(0), sign('sha256', body, privateKey))
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { key, cert: pem(sequence(body, ecdsaWithSha256(), signature)) }
}
