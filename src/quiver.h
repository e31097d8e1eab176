#pragma once

// The one header that bindings include.

#include "base/bytes.h"
#include "base/error.h"
#include "base/exception.h"
#include "base/expected.h"
#include "engine/session.h"
#include "store/vfs.h"
#ifndef __EMSCRIPTEN__
#include "engine/async_session.h"
#include "store/vfs_native.h"
#endif

namespace quiver {

/// A msgpack map {version, simd, simdAvailable, threads}: what this build can do on this CPU.
Buffer capabilities();

/// Makes an empty index in the Vfs's folder, which is created if needed.
/// `config` is a msgpack map, see docs/engine-messages.md. INDEX_EXISTS if one is there.
Expected<void> create_index(store::Vfs& vfs, Bytes config);

/// Whether the folder holds an index.
Expected<bool> index_exists(store::Vfs& vfs);

/// Removes the index's files, and the folder if nothing else is in it. INDEX_NOT_FOUND if there is
/// no index; LOCKED if a process writes to it.
Expected<void> destroy_index(store::Vfs& vfs);

/// Makes an index in `target` of all that is whole in `source`, which is only read. The report is
/// the msgpack map of docs/engine-messages.md; errors as engine::repair.
Expected<Buffer> repair_index(store::Vfs& source, const std::shared_ptr<store::Vfs>& target);

/// Opens the index for a host without threads (WASM): the caller runs `pump` when it is idle.
/// `open_folder` opens other folders, for snapshots.
Expected<std::unique_ptr<engine::Session>> open_session(std::shared_ptr<store::Vfs> vfs,
                                                        Bytes options,
                                                        engine::FolderOpener open_folder);

}  // namespace quiver
