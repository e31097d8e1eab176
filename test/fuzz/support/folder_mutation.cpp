// libFuzzer's hooks for targets whose input is the files of an index folder (support/folder.h).
#include <algorithm>
#include <string>

#include "store/file_names.h"
#include "support/batch_mutation.h"
#include "support/container.h"
#include "support/folder.h"
#include "support/log_file.h"
#include "support/manifest_file.h"
#include "support/segment_file.h"

using namespace quiver;

namespace {

void mutate_file(fuzz::Random& random, fuzz::Piece& file) {
  std::string_view name = file.name;
  if (!name.empty() && name.front() == fuzz::kLater) name.remove_prefix(1);
  // Now and then the bytes as they are: the checksums are read too.
  if (fuzz::one_in(random, 12)) return fuzz::mutate_bytes(random, file.content, 64);
  if (name == store::kManifestName) return fuzz::mutate_manifest(random, file.content);
  if (store::segment_file_number(name)) return fuzz::mutate_segment(random, file.content);
  if (store::log_file_number(name)) {
    return fuzz::mutate_log(random, file.content, fuzz::mutate_batch);
  }
  fuzz::mutate_bytes(random, file.content, 16);
}

void mutate_name(fuzz::Random& random, std::string& name) {
  const uint64_t number =
      fuzz::one_in(random, 3) ? fuzz::odd_number(random, 1) : fuzz::below(random, 12);
  switch (fuzz::below(random, 5)) {
    case 0:
      name = store::log_file_name(number);
      break;
    case 1:
      name = store::segment_file_name(number);
      break;
    case 2:
      name = store::lock_file_name(number);
      break;
    default:
      if (!name.empty() && name.front() == fuzz::kLater) {
        name.erase(0, 1);
      } else {
        name.insert(name.begin(), fuzz::kLater);
      }
  }
}

void mutate_folder(fuzz::Random& random, std::vector<fuzz::Piece>& files) {
  if (files.empty()) return;
  const size_t at = fuzz::below(random, files.size());
  const auto place = files.begin() + static_cast<ptrdiff_t>(at);
  switch (fuzz::below(random, 24)) {
    case 0:
      files.erase(place);
      break;
    case 1:
      std::swap(files[at].content, files[fuzz::below(random, files.size())].content);
      break;
    case 2:
      mutate_name(random, files[at].name);
      break;
    case 3:
      if (files.size() >= fuzz::kMaxFiles) break;
      files.push_back(files[at]);
      mutate_name(random, files.back().name);
      mutate_file(random, files.back());
      break;
    default:
      mutate_file(random, files[at]);
  }
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  fuzz::Random random(seed);
  std::vector<fuzz::Piece> files = fuzz::unpack({data, size});
  mutate_folder(random, files);
  return fuzz::give_back(fuzz::pack(files), data, size, max_size);
}

/// Files of two folders, each from one or the other.
extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* data1, size_t size1,
                                            const uint8_t* data2, size_t size2, uint8_t* out,
                                            size_t max_out_size, unsigned seed) {
  fuzz::Random random(seed);
  std::vector<fuzz::Piece> files = fuzz::unpack({data1, size1});
  for (fuzz::Piece& other : fuzz::unpack({data2, size2})) {
    const auto same = std::find_if(files.begin(), files.end(),
                                   [&](const auto& file) { return file.name == other.name; });
    if (same == files.end()) {
      if (files.size() < fuzz::kMaxFiles && fuzz::one_in(random, 2))
        files.push_back(std::move(other));
    } else if (fuzz::one_in(random, 2)) {
      *same = std::move(other);
    }
  }
  return fuzz::give_back(fuzz::pack(files), out, 0, max_out_size);
}
