// The platforms that have a package with a prebuilt addon, named as js/engine/platform.ts looks for them.
export const platforms = [
  { target: 'linux-x64-gnu', os: 'linux', cpu: 'x64', libc: 'glibc' },
  { target: 'linux-x64-musl', os: 'linux', cpu: 'x64', libc: 'musl' },
  { target: 'linux-arm64-gnu', os: 'linux', cpu: 'arm64', libc: 'glibc' },
  { target: 'linux-arm64-musl', os: 'linux', cpu: 'arm64', libc: 'musl' },
  { target: 'darwin-x64', os: 'darwin', cpu: 'x64' },
  { target: 'darwin-arm64', os: 'darwin', cpu: 'arm64' },
  { target: 'win32-x64', os: 'win32', cpu: 'x64' },
  { target: 'win32-arm64', os: 'win32', cpu: 'arm64' },
];

/** The package of this machine, or undefined. */
export function thisPlatform() {
  const { platform, arch } = process;
  // Else it looks up the names of open connections.
  process.report.excludeNetwork = true;
  const glibc = process.report.getReport().header.glibcVersionRuntime !== undefined;
  return platforms.find(
    ({ os, cpu, libc }) =>
      os === platform && cpu === arch && (libc === undefined || (libc === 'glibc') === glibc),
  );
}
