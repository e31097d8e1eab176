#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/collection.h"
#include "store/vfs_memory.h"
#include "support/container.h"

// For targets whose input is the files of an index folder.

namespace quiver::fuzz {

inline constexpr char kLater = '+';
inline constexpr size_t kMaxFiles = 16;

/// The files of an input, so many at most that a run stays short.
std::vector<Piece> unpack_folder(Bytes bytes);

/// Whether the name starts with kLater: what follows is the name of a file that is written later.
bool is_later(const Piece& file);

/// The files that are there from the beginning.
std::shared_ptr<store::MemoryDisk> disk_of(const std::vector<Piece>& files);

/// Ends the program if the error is none that files can cause.
void require_of_a_file(const Error& error);

/// What is wrong with it, if anything.
std::optional<std::string> verify(engine::Collection& collection);

}  // namespace quiver::fuzz
