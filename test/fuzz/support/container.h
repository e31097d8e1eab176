#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"

namespace quiver::fuzz {

/// An input that consists of several named pieces: the files of an index, the requests of a
/// session.
struct Piece {
  std::string name;  ///< up to 255 bytes
  Buffer content;
};

/// For each piece: u8 size of its name, name, u32 size of its content, content.
Buffer pack(const std::vector<Piece>& pieces);

/// Whatever the bytes are: sizes beyond the end mean all that is left.
std::vector<Piece> unpack(Bytes bytes);

}  // namespace quiver::fuzz
