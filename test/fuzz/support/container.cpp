#include "support/container.h"

#include <algorithm>

namespace quiver::fuzz {

Buffer pack(const std::vector<Piece>& pieces) {
  ByteWriter writer;
  for (const Piece& piece : pieces) {
    const std::string_view name = std::string_view(piece.name).substr(0, 255);
    writer.put(static_cast<uint8_t>(name.size()));
    writer.put_text(name);
    writer.put(static_cast<uint32_t>(piece.content.size()));
    writer.put_bytes(piece.content);
  }
  return writer.take();
}

std::vector<Piece> unpack(Bytes bytes) {
  ByteReader reader(bytes);
  const auto take = [&reader](uint64_t size) {
    return *reader.get_bytes(std::min<uint64_t>(size, reader.remaining()));
  };
  std::vector<Piece> pieces;
  while (const auto name_size = reader.get<uint8_t>()) {
    Piece piece;
    piece.name = as_text(take(*name_size));
    const auto size = reader.get<uint32_t>();
    if (!size) break;
    const Bytes content = take(*size);
    piece.content.assign(content.begin(), content.end());
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

}  // namespace quiver::fuzz
