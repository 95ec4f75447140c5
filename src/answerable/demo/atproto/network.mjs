// A whole network of the platform's own programs: directory, PDS, AppView, Ozone. Told what to do line by line on stdin,
// answers line by line on stdout; ends when stdin does.
import crypto from 'node:crypto'
import path from 'node:path'
import readline from 'node:readline'
import { TestNetwork, TestPds } from '@atproto/dev-env'

const base = Number(process.env.BASE_PORT)
const say = (what) => console.log(JSON.stringify(what))
const appview = `http://localhost:${base + 2}`
const rotationKey = crypto.randomBytes(32).toString('hex')
const images = process.env.IMAGES // the AppView's cache of pictures; a CDN is just that, and further away
const network = await TestNetwork.create({
  plc: { port: base },
  pds: {
    port: base + 1,
    hostname: 'localhost',
    enableDidDocWithSession: true,
    plcRotationKeyK256PrivateKeyHex: rotationKey,
  },
  bsky: { port: base + 2, publicUrl: appview, blobCacheLocation: images },
  ozone: { port: base + 3, dbMaterializedViewRefreshIntervalMs: 5000 },
})

async function restartPds(whileDown) {
  const { ctx } = network.pds
  const kept = {
    port: base + 1,
    hostname: 'localhost',
    enableDidDocWithSession: true,
    didPlcUrl: network.plc.url,
    dataDirectory: path.dirname(ctx.cfg.db.accountDbLoc),
    blobstoreDiskLocation: ctx.cfg.blobstore.location,
    plcRotationKeyK256PrivateKeyHex: rotationKey,
    bskyAppViewUrl: appview,
    bskyAppViewDid: network.bsky.ctx.cfg.serverDid,
    modServiceUrl: network.ozone.url,
    modServiceDid: network.ozone.ctx.cfg.service.did,
    lexiconDidAuthority: ctx.cfg.lexicon?.didAuthority,
  }
  await network.pds.close()
  await new Promise((done) => setTimeout(done, whileDown))
  network.pds = await TestPds.create(kept)
}

const orders = {
  restart_pds: ({ seconds }) => restartPds(seconds * 1000),
}

say({
  pds: network.pds.url,
  appview: network.bsky.url,
  ozone: network.ozone.url,
  ozone_did: network.ozone.ctx.cfg.service.did,
  megabytes: Math.round(process.memoryUsage().rss / 1e6),
})
const lines = readline.createInterface({ input: process.stdin })
lines.on('line', async (line) => {
  const { order, ...more } = JSON.parse(line)
  try {
    say({ done: (await orders[order](more)) ?? true })
  } catch (error) {
    say({ failed: String(error?.stack ?? error) })
  }
})
lines.on('close', () => process.exit(0))
