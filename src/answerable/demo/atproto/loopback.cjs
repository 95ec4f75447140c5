// Loaded before all else (node -r): a server that names no host would listen on every interface; here it gets 127.0.0.1.
const net = require('net')
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (...given) {
  const [first] = given
  const isPort = typeof first === 'number' || (typeof first === 'string' && /^\d+$/.test(first))
  if (isPort && typeof given[1] !== 'string') given.splice(1, 0, '127.0.0.1')
  else if (first && typeof first === 'object' && 'port' in first && !first.host && !first.path)
    given[0] = { ...first, host: '127.0.0.1' }
  return listen.apply(this, given)
}
