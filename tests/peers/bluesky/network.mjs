// Starts a real Bluesky network, writes where it is to the file that is named as JSON, and ends when its
// standard input does: so it does not outlive the tests, however they end.
// With DB_POSTGRES_URL in the environment it has an AppView (and Ozone, which that needs); without, none.
import fs from 'node:fs'
import net from 'node:net'
import { TestNetwork, TestNetworkNoAppView } from '@atproto/dev-env'

// Its servers name a port and no host, and would listen on every interface.
const LOOPBACK = '127.0.0.1'
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (first, ...rest) {
  if (/^\d+$/.test(String(first)) && typeof rest[0] !== 'string') return listen.call(this, Number(first), LOOPBACK, ...rest)
  if (first && typeof first === 'object' && 'port' in first && !first.host) return listen.call(this, { ...first, host: LOOPBACK }, ...rest)
  return listen.call(this, first, ...rest)
}

const file = process.argv[2]
const common = { pds: { hostname: 'localhost', enableDidDocWithSession: true } }
const hasAppView = Boolean(process.env.DB_POSTGRES_URL)
const network = hasAppView
  ? await TestNetwork.create({
      ...common,
      dbPostgresSchema: 'bsky',
      bsky: { dbPostgresSchema: 'bsky' },
      ozone: { dbMaterializedViewRefreshIntervalMs: 30000 },
    })
  : await TestNetworkNoAppView.create(common)

const told = { pds: network.pds.url, appview: hasAppView ? network.bsky.url : null }
fs.writeFileSync(`${file}.new`, JSON.stringify(told))
fs.renameSync(`${file}.new`, file)

process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
