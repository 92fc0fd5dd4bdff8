// An OpenID Connect provider for one test. ACCOUNTS holds the claims of each account by its login. The first line that it prints is its
// issuer; it ends with its standard input.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const accounts = JSON.parse(process.env.ACCOUNTS);
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: process.env.CLIENT,
      client_secret: process.env.SECRET,
      redirect_uris: [process.env.REDIRECT],
    }],
    pkce: { required: () => true },
    scopes: ['openid', 'identity', 'email'],
    claims: { openid: ['sub'], identity: ['id_number', 'id_number_verified', 'wechat_openid'], email: ['email'] },
    findAccount: (_, login) => accounts[login] && { accountId: login, claims: () => ({ sub: login, ...accounts[login] }) },
    // In the identity token for one scope, so that both places are read: see conformIdTokenClaims in the provider's manual.
    conformIdTokenClaims: process.env.CLAIMS !== 'token',
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
