// Emscripten library (--js-library): what vfs_host.cpp imports. Each function forwards to `Module.quiverHost`, the
// synchronous file system that the caller of the module's factory gave; its members are listed in README.md.
//
// A host reports failure by a negative number and must not throw. One that throws anyway is reported as -5 (IO) with
// its message, because a JavaScript exception must not unwind through the core.
//
// Pointers arrive as signed 32-bit numbers: `>>> 0` before use, as memory may grow beyond 2 GiB. HEAPU8 is looked up on
// every call, because growth replaces it.

addToLibrary({
  $quiverState: {
    // What the host threw last, until the core asks for the message; empty when it did not throw.
    thrown: '',
    // Bytes on their way into the heap: quiver_host_take copies them.
    pending: [],
  },

  // Runs one host call. Whatever is not a whole number is a fault of the host; only calls that have no result of their
  // own may return nothing (`?? 0`).
  $quiverCall__deps: ['$quiverState'],
  $quiverCall: (call) => {
    quiverState.thrown = '';
    try {
      const result = call(Module['quiverHost']);
      if (Number.isSafeInteger(result)) return result;
      quiverState.thrown = `the host file system returned ${String(result)}, expected a whole number`;
    } catch (error) {
      quiverState.thrown = String(error?.message ?? error);
    }
    return -5;
  },

  $quiverPath__deps: ['$UTF8ToString'],
  $quiverPath: (pointer) => UTF8ToString(pointer >>> 0),

  $quiverBytes: (pointer, length) =>
    HEAPU8.subarray(pointer >>> 0, (pointer >>> 0) + (length >>> 0)),

  // Keeps UTF-8 text for quiver_host_take and returns its length in bytes.
  $quiverKeep__deps: ['$quiverState'],
  $quiverKeep: (text) => {
    quiverState.pending = new TextEncoder().encode(text);
    return quiverState.pending.length;
  },

  quiver_host_open__deps: ['$quiverCall', '$quiverPath'],
  quiver_host_open: (path) => quiverCall((host) => host.open(quiverPath(path))),

  quiver_host_append__deps: ['$quiverCall', '$quiverBytes'],
  quiver_host_append: (fd, pointer, length) =>
    quiverCall((host) => host.append(fd, quiverBytes(pointer, length)) ?? 0),

  quiver_host_sync__deps: ['$quiverCall'],
  quiver_host_sync: (fd) => quiverCall((host) => host.sync(fd) ?? 0),

  quiver_host_close__deps: ['$quiverCall'],
  quiver_host_close: (fd) => quiverCall((host) => host.close(fd) ?? 0),

  quiver_host_size__deps: ['$quiverCall', '$quiverPath'],
  quiver_host_size: (path) => quiverCall((host) => host.size(quiverPath(path))),

  quiver_host_modified__deps: ['$quiverCall', '$quiverPath'],
  quiver_host_modified: (path) => quiverCall((host) => host.modified(quiverPath(path))),

  quiver_host_open_to_read__deps: ['$quiverCall', '$quiverPath'],
  quiver_host_open_to_read: (path) => quiverCall((host) => host.openToRead(quiverPath(path))),

  quiver_host_size_of__deps: ['$quiverCall'],
  quiver_host_size_of: (fd) => quiverCall((host) => host.sizeOf(fd)),

  quiver_host_read_at__deps: ['$quiverCall', '$quiverBytes'],
  quiver_host_read_at: (fd, pointer, length, offset) =>
    quiverCall((host) => host.readAt(fd, quiverBytes(pointer, length), offset)),

  quiver_host_rename__deps: ['$quiverCall', '$quiverPath'],
  quiver_host_rename: (from, to) =>
    quiverCall((host) => host.rename(quiverPath(from), quiverPath(to)) ?? 0),

  quiver_host_remove__deps: ['$quiverCall', '$quiverPath'],
  quiver_host_remove: (path) => quiverCall((host) => host.remove(quiverPath(path)) ?? 0),

  // The names, each followed by a NUL, are kept for quiver_host_take.
  quiver_host_list__deps: ['$quiverCall', '$quiverPath', '$quiverKeep'],
  quiver_host_list: (folder) =>
    quiverCall((host) => {
      const names = host.list(quiverPath(folder));
      return Array.isArray(names) ? quiverKeep(names.map((name) => `${name}\0`).join('')) : names;
    }),

  quiver_host_exists__deps: ['$quiverCall', '$quiverPath'],
  quiver_host_exists: (path) => quiverCall((host) => host.exists(quiverPath(path))),

  quiver_host_create_exclusive__deps: ['$quiverCall', '$quiverPath', '$quiverBytes'],
  quiver_host_create_exclusive: (path, pointer, length) =>
    quiverCall((host) => host.createExclusive(quiverPath(path), quiverBytes(pointer, length)) ?? 0),

  quiver_host_make_folder__deps: ['$quiverCall', '$quiverPath'],
  quiver_host_make_folder: (path) => quiverCall((host) => host.makeFolder(quiverPath(path)) ?? 0),

  quiver_host_remove_folder__deps: ['$quiverCall', '$quiverPath'],
  quiver_host_remove_folder: (path) =>
    quiverCall((host) => host.removeFolder(quiverPath(path)) ?? 0),

  quiver_host_sync_file__deps: ['$quiverCall', '$quiverPath'],
  quiver_host_sync_file: (path) => quiverCall((host) => host.syncFile(quiverPath(path)) ?? 0),

  quiver_host_sync_folder__deps: ['$quiverCall', '$quiverPath'],
  quiver_host_sync_folder: (path) => quiverCall((host) => host.syncFolder(quiverPath(path)) ?? 0),

  quiver_host_owner_pid__deps: ['$quiverCall'],
  quiver_host_owner_pid: () => quiverCall((host) => host.ownerPid()),

  quiver_host_owner_host__deps: ['$quiverCall', '$quiverKeep'],
  quiver_host_owner_host: () => quiverCall((host) => quiverKeep(host.ownerHost())),

  quiver_host_owner_start__deps: ['$quiverCall', '$quiverKeep'],
  quiver_host_owner_start: () => quiverCall((host) => quiverKeep(host.ownerStart())),

  quiver_host_owner_alive__deps: ['$quiverCall', '$quiverPath'],
  quiver_host_owner_alive: (pid, start, hostName) =>
    quiverCall((host) => host.ownerAlive(pid, quiverPath(start), quiverPath(hostName))),

  // What went wrong in the call before this one, kept for quiver_host_take.
  quiver_host_last_message__deps: ['$quiverCall', '$quiverKeep', '$quiverState'],
  quiver_host_last_message: () => {
    const thrown = quiverState.thrown;
    return quiverCall((host) => quiverKeep(thrown || host.lastMessage()));
  },

  // Copies the kept bytes to `pointer`, where there is room for as many as were announced, and forgets them.
  quiver_host_take__deps: ['$quiverState'],
  quiver_host_take: (pointer) => {
    HEAPU8.set(quiverState.pending, pointer >>> 0);
    quiverState.pending = [];
  },
});
