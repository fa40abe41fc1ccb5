import { parseConnection, placeOf, programUrl, replacePlace } from '#sql'

const rds = 'db.abc.us-east-1.rds.amazonaws.com'
const place = { host: 'new.example', port: 6432 }

const readable: readonly (readonly [string, object])[] = [
  [
    `postgres://ada:pw@${rds}:5433/shop`,
    { host: rds, port: 5433, user: 'ada', password: 'pw', database: 'shop' },
  ],
  [`postgresql://ada:pw@${rds}/shop`, { port: 5432, database: 'shop' }],
  [`POSTGRES://ada:pw@${rds}/shop`, { host: rds }],
  [`postgresql+asyncpg://ada:pw@${rds}/shop`, { host: rds, user: 'ada' }],
  [`postgres://ada@${rds}/shop`, { user: 'ada', password: undefined }],
  [`postgres://ada:@${rds}/shop`, { password: '' }],
  [
    `postgres://a%40b:p%2Fw%23%3F@${rds}/sh%20op`,
    { user: 'a@b', password: 'p/w#?', database: 'sh op' },
  ],
  [`postgres://ada:p@w:x@${rds}/shop`, { user: 'ada', password: 'p@w:x', host: rds }],
  [`postgres://ada:pw@${rds}`, { database: 'ada' }],
  [`postgres://ada:pw@${rds}/`, { database: 'ada' }],
  ['postgres://ada:pw@[::1]:5433/shop', { host: '::1', port: 5433 }],
  [`postgres://ada:pw@/shop?host=${rds}&port=5434`, { host: rds, port: 5434, database: 'shop' }],
  ['postgres://ada@/shop?host=/var/run/postgresql', { host: '/var/run/postgresql', port: 5432 }],
  ['postgres://ada@/shop?host=%2Fvar%2Frun', { host: '/var/run' }],
  [
    `postgres://other:5/shop?host=${rds}&user=ada&password=p%26w&dbname=real`,
    { host: rds, port: 5, user: 'ada', password: 'p&w', database: 'real' },
  ],
  [
    `postgres://ada:pw@${rds}/shop?sslmode=require&options=-c%20a=b`,
    { parameters: { sslmode: 'require', options: '-c a=b' } },
  ],
  [`  postgres://ada:pw@${rds}:5432/shop\n`, { host: rds, database: 'shop' }],
  [
    `{"host":"${rds}","port":5433,"username":"ada","password":"p\\"w","dbname":"shop","engine":"postgres"}`,
    { host: rds, port: 5433, user: 'ada', password: 'p"w', database: 'shop' },
  ],
  [
    `{"host":"${rds}","port":"5433","username":"ada","engine":"aurora-postgresql"}`,
    { port: 5433, password: undefined, database: 'postgres' },
  ],
  [`{"username":"ada","host":"${rds}","dbInstanceIdentifier":"x"}`, { port: 5432, host: rds }],
]

test.each(readable)('%s is read', (text, expected) => {
  const parsed = parseConnection(text)
  expect(parsed.ok && parsed.connection).toMatchObject(expected)
})

const unreadable: readonly (readonly [string, RegExp])[] = [
  ['', /neither/],
  ['mysql://ada:s3cret@h/d', /neither/],
  ['host=h user=ada password=s3cret', /neither/],
  ['postgres://ada:s3cret/x@h/d', /percent-encode/],
  ['postgres://ada:s3cret#x@h/d', /percent-encode/],
  ['postgres://ada:s3cret%zz@h/d', /encodes nothing/],
  ['postgres://ada:s3cret@h1,h2/d', /several hosts/],
  ['postgres://ada:s3cret@/d?host=h1,h2', /several hosts/],
  ['postgres://ada:s3cret@/d', /no host/],
  ['postgres://ada:s3cret@h:0/d', /port/],
  ['postgres://ada:s3cret@h:70000/d', /port/],
  ['postgres://ada:s3cret@h:5432x/d', /percent-encode/],
  ['{"host":"h"}', /username/],
  ['{"host":"h","username":"ada","password":"s3cret","engine":"mysql"}', /not PostgreSQL/],
  ['{"host":"h","username":"ada","password":"s3cret","port":{}}', /port/],
  ['{not json s3cret', /the whole text/],
]

test.each(unreadable)('%s is refused with a reason that does not quote it', (text, why) => {
  const parsed = parseConnection(text)
  expect(parsed).toMatchObject({ ok: false, why: expect.stringMatching(why) })
  expect(JSON.stringify(parsed)).not.toContain('s3cret')
})

const replaced: readonly (readonly [string, string])[] = [
  [
    'postgres://a:p%40@h:5432/d?sslmode=require',
    'postgres://a:p%40@new.example:6432/d?sslmode=require',
  ],
  ['postgres://h:h@h/h', 'postgres://h:h@new.example:6432/h'],
  ['postgres://a:p@[::1]/d?x=%20+', 'postgres://a:p@new.example:6432/d?x=%20+'],
  ['postgres://a@/d?host=h&x=1', 'postgres://a@/d?host=new.example&x=1&port=6432'],
  ['postgres://a@:5432/d?host=h', 'postgres://a@:6432/d?host=new.example'],
  [
    'postgres://a@h/d?port=5432&host=h&port=5432',
    'postgres://a@h/d?port=5432&host=new.example&port=6432',
  ],
  ['postgres://a@h:/d', 'postgres://a@new.example:6432/d'],
  [' postgres://a@h/d\n', ' postgres://a@new.example:6432/d\n'],
  [
    '{ "host" : "h",\n "port":5432, "username":"h", "x":{"host":"h","port":1} }',
    '{ "host" : "new.example",\n "port":6432, "username":"h", "x":{"host":"h","port":1} }',
  ],
  [
    '{"port":"5432","username":"a","host":"h","password":"\\"host\\":\\"h\\""}',
    '{"port":"6432","username":"a","host":"new.example","password":"\\"host\\":\\"h\\""}',
  ],
  ['{"username":"a","host":"h"}', '{"username":"a","host":"new.example","port":6432}'],
]

test.each(replaced)('in %s only host and port are replaced', (text, expected) => {
  expect(replacePlace(text, place)).toBe(expected)
})

test('a port that is the default is not written where none was', () => {
  expect(replacePlace('postgres://a@h/d', { host: 'n', port: 5432 })).toBe('postgres://a@n/d')
  expect(replacePlace('{"username":"a","host":"h"}', { host: 'n', port: 5432 })).toBe(
    '{"username":"a","host":"n"}',
  )
})

test.each(readable)('%s comes back whole when its place is replaced there and back', (text) => {
  const before = parseConnection(text)
  const after = parseConnection(replacePlace(text, place))
  if (!before.ok || !after.ok) throw new Error('not read')
  const { host, port } = before.connection
  const strip = ({
    parameters: { host: _, port: __, ...rest },
    ...other
  }: typeof before.connection) => ({ ...other, rest })
  expect(after.connection).toMatchObject(place)
  expect(strip({ ...after.connection, host, port })).toEqual(strip(before.connection))
})

test('a place names host, port and database and nothing else', () => {
  const parsed = parseConnection('postgres://ada:s3cret@h:5/d?sslmode=require')
  expect(parsed.ok && placeOf(parsed.connection)).toBe('h:5/d')
})

test.each([
  [
    'a URL as it is written',
    ' postgresql://a:p%40w@h/d?sslmode=require\n',
    'postgresql://a:p%40w@h/d?sslmode=require',
  ],
  [
    'without the driver',
    'postgres+asyncpg://a:p%40w@h:6/d?sslmode=require',
    'postgres://a:p%40w@h:6/d?sslmode=require',
  ],
  [
    'made of JSON',
    JSON.stringify({ host: '::1', port: 6, username: 'a b', password: 'p/w:@', dbname: 'd?' }),
    'postgres://a%20b:p%2Fw%3A%40@[::1]:6/d%3F',
  ],
])('programs get %s', (_, text, url) => {
  const parsed = parseConnection(text)
  if (!parsed.ok) throw new Error(parsed.why)
  expect(programUrl(text, parsed.connection)).toBe(url)
  expect(parseConnection(programUrl(text, parsed.connection))).toEqual(parsed)
})
