// Keeps the built page's files, so that it opens without a network. offline.ts puts in their names and a version.
const files = self.quiverFiles;
const prefix = `quiver-playground ${self.registration.scope} `;
const cacheName = prefix + self.quiverVersion;

const fill = async () => {
  const cache = await caches.open(cacheName);
  await cache.addAll(files.map((file) => new Request(file, { cache: 'reload' })));
  await self.skipWaiting();
};

const clean = async () => {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(prefix) && name !== cacheName);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
};

/** The page as new as can be; all others have a hash in their name, so that what is kept is right. */
const answer = async (request) => {
  const cache = await caches.open(cacheName);
  const isPage = new URL(request.url).pathname === new URL(self.registration.scope).pathname;
  if (!isPage) return (await cache.match(request)) ?? fetch(request);
  try {
    return await fetch(request);
  } catch {
    return (await cache.match('index.html')) ?? Response.error();
  }
};

self.addEventListener('install', (event) => event.waitUntil(fill()));
self.addEventListener('activate', (event) => event.waitUntil(clean()));
self.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  if (method === 'GET' && url.startsWith(self.registration.scope))
    event.respondWith(answer(event.request));
});
