#include "support/folder.h"

#include "base/msgpack.h"
#include "support/require.h"

namespace quiver::fuzz {

std::vector<Piece> unpack_folder(Bytes bytes) {
  std::vector<Piece> files = unpack(bytes);
  if (files.size() > kMaxFiles) files.resize(kMaxFiles);
  return files;
}

bool is_later(const Piece& file) { return file.name.starts_with(kLater); }

std::shared_ptr<store::MemoryDisk> disk_of(const std::vector<Piece>& files) {
  auto disk = std::make_shared<store::MemoryDisk>();
  for (const Piece& file : files) {
    if (!is_later(file)) disk->files[file.name] = std::make_shared<const Buffer>(file.content);
  }
  return disk;
}

void require_of_a_file(const Error& error) {
  const Code code = error.code;
  require(code == Code::kCorruptFile || code == Code::kMissingFile ||
              code == Code::kUnsupportedFormat || code == Code::kIndexNotFound,
          error.message);
}

std::optional<std::string> verify(engine::Collection& collection) {
  const auto report = collection.verify();
  if (!report) {
    require_of_a_file(report.error());
    return report.error().message;
  }
  const msgpack::Value map(*report);
  const msgpack::Value problems = *map.find("problems");
  require(map.find("ok")->boolean() == (problems.size() == 0), "what is wrong is told");
  if (problems.size() == 0) return std::nullopt;
  return std::string((*problems.elements().begin()).text());
}

}  // namespace quiver::fuzz
