#include "engine/repair.h"

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <utility>

#include "base/msgpack.h"
#include "engine/batch.h"
#include "engine/collection.h"
#include "engine/config.h"
#include "engine/damaged_segment.h"
#include "engine/place_file.h"
#include "engine/recovery.h"
#include "engine/repair_log.h"
#include "engine/segment.h"
#include "engine/segment_sections.h"
#include "engine/transaction.h"
#include "store/file_names.h"
#include "store/lock.h"
#include "store/log.h"
#include "store/manifest.h"
#include "store/segment_file.h"

namespace quiver::engine {
namespace {

constexpr size_t kMaxIds = 100;
constexpr size_t kCacheBytes = size_t{16} << 20;
/// Records that are gathered before they are handed to the disk.
constexpr uint64_t kFlushBytes = uint64_t{4} << 20;

bool is_index_file(const std::string& name) {
  return name == store::kManifestName || store::log_file_number(name) ||
         store::segment_file_number(name);
}

/// Whether a file may be lost and the rest be saved; another error ends the repair.
bool is_loss(const Error& error) {
  return error.code == Code::kCorruptFile || error.code == Code::kMissingFile ||
         error.code == Code::kIoError;
}

std::string rows_text(uint64_t count) {
  return std::to_string(count) + (count == 1 ? " row is" : " rows are");
}

class Repair {
 public:
  Repair(store::Vfs& source, std::shared_ptr<store::Vfs> target, store::Lock& lock)
      : source_(source), target_(std::move(target)), lock_(lock) {}

  Expected<RepairReport> run() {
    auto filled = fill();
    if (filled) filled = count_rows();
    if (filled) return std::move(report_);
    // Without a manifest it is no index; what cannot be removed either is harmless then.
    (void)target_->remove(store::kManifestName);
    (void)target_->remove(std::string(store::kManifestName) + ".tmp");
    for (const std::string& name : written_) (void)target_->remove(name);
    return filled.error();
  }

 private:
  Expected<void> fill() {
    if (auto read = read_manifest(); !read) return read;
    if (auto named = name_files(); !named) return named;
    for (const store::SegmentEntry& entry : old_.segments) {
      if (auto kept = lock_.keep(); !kept) return kept;
      if (auto saved = save_segment(entry); !saved) return saved;
    }
    if (auto marked = mark_replaced(); !marked) return marked;
    if (auto saved = save_logs(); !saved) return saved;
    // The names of the files are on the disk before the manifest that names them.
    if (auto synced = target_->sync_folder(); !synced) return synced;
    if (auto kept = lock_.keep(); !kept) return kept;
    std::random_device random;
    new_.index = uint64_t{random()} << 32 | random();
    new_.config = encode_config(config_);
    return store::write_manifest(*target_, new_);
  }

  Expected<void> read_manifest() {
    auto manifest = store::read_manifest(source_);
    auto config = manifest ? decode_config(manifest->config) : Expected<Config>(manifest.error());
    if (config) {
      old_ = std::move(*manifest);
      config_ = std::move(*config);
      has_manifest_ = true;
      return {};
    }
    const Code code = config.error().code;
    if (code == Code::kUnsupportedFormat || code == Code::kPermissionDenied) return config.error();
    report_.problems.push_back(
        (code == Code::kIndexNotFound ? "manifest is missing" : config.error().message) +
        ": the segments and logs that are there are taken; items that were deleted or replaced may "
        "be back, and what only the manifest knew (efConstruction, version, metadata_config) has "
        "its default");
    return {};
  }

  /// What the files of the new index are called, and, without a manifest, what belongs to the old.
  Expected<void> name_files() {
    const auto files = source_.list();
    if (!files) return files.error();
    uint64_t next = old_.next_file_number;
    std::vector<uint64_t> segments;
    for (const std::string& name : *files) {
      const auto segment = store::segment_file_number(name);
      if (segment) segments.push_back(*segment);
      for (const auto number : {segment, store::log_file_number(name)}) {
        if (number) next = std::max(next, *number + 1);
      }
    }
    if (!has_manifest_) {
      old_.first_log = 0;
      old_.first_sequence = 0;
      std::sort(segments.begin(), segments.end());
      for (const uint64_t number : segments) {
        if (auto looked = look_at(number); !looked) return looked;
      }
      if (!knows_metric_) {
        report_.problems.push_back("The metric is not known any more: " +
                                   std::string(metric_name(config_.metric)) + " is taken");
      }
    }
    new_.first_log = next;
    new_.next_file_number = next + 1;
    return {};
  }

  /// Takes from a segment file what only the manifest knew else.
  Expected<void> look_at(uint64_t number) {
    old_.segments.push_back({number, 0, {}});
    const auto file = store::SegmentFile::open(source_, store::segment_file_name(number),
                                               store::HeaderCheck::kMayBeDamaged);
    if (!file) return is_loss(file.error()) ? Expected<void>() : file.error();
    const auto section = (*file)->sound_section(kInfo);
    if (!section) return {};
    ByteReader reader(*section);
    const auto info = reader.get<SegmentInfo>();
    if (!info || info->metric > static_cast<uint32_t>(Metric::kInnerProduct) || info->dim == 0 ||
        info->dim > kMaxDimensions) {
      return {};
    }
    old_.first_log = std::max(old_.first_log, info->first_log);
    old_.next_file_number = std::max(old_.next_file_number, info->first_log + 1);
    if (knows_metric_) return {};
    knows_metric_ = true;
    config_.metric = static_cast<Metric>(info->metric);
    config_.dimensions = info->dim;
    if (const auto graph = (*file)->sound_section(kGraphUpper)) {
      struct Header {
        uint32_t rows, m;
      };
      ByteReader graph_reader(*graph);
      const auto header = graph_reader.get<Header>();
      if (header && header->m >= kSmallestM && header->m <= kLargestM) config_.graph.m = header->m;
    }
    return {};
  }

  void lose(const std::string& problem, uint64_t rows) {
    report_.problems.push_back(problem + ": " + rows_text(rows) + " lost");
    unnamed_ += rows;
  }

  Expected<void> save_segment(const store::SegmentEntry& entry) {
    const std::string name = store::segment_file_name(entry.number);
    const auto opened = Segment::open(source_, name, config_.metric, config_.dimensions, memory_);
    const bool fits = opened && (!has_manifest_ || (*opened)->rows() == entry.rows);
    auto sound = fits ? (*opened)->verify() : Expected<void>();
    if (fits && sound) sound = check_rows(**opened, name, entry.deleted_rows);
    if (fits && sound) return keep_segment(entry, (*opened)->rows());
    if (!opened && !is_loss(opened.error())) return opened.error();

    const std::string problem = !opened ? opened.error().message
                                : fits  ? sound.error().message
                                        : name + " is not the file that the manifest names";
    const uint64_t live = entry.rows - entry.deleted_rows.size();
    const auto lose_all = [&](const Error& why) -> Expected<void> {
      if (!is_loss(why)) return why;
      if (has_manifest_) {
        lose(problem, live);
      } else {
        report_.problems.push_back(problem + ": all of its rows are lost");
      }
      return {};
    };
    const auto file = store::SegmentFile::open(source_, name, store::HeaderCheck::kMayBeDamaged);
    if (!file) return lose_all(file.error());
    if (config_.dimensions == 0) return lose_all({Code::kCorruptFile, ""});
    const auto damaged = DamagedSegment::open(**file, config_.metric, config_.dimensions);
    if (!damaged) return lose_all(damaged.error());
    return rewrite_segment(entry, **damaged, problem);
  }

  /// What no checksum tells: a file that is as it was written may have been written wrongly.
  Expected<void> check_rows(const Segment& segment, const std::string& name,
                            const std::vector<uint32_t>& deleted_rows) const {
    std::string scratch;
    column::Scratch metadata_scratch;
    auto deleted = deleted_rows.begin();
    for (uint32_t row = 0; row < segment.rows(); ++row) {
      if (deleted != deleted_rows.end() && *deleted == row) {
        ++deleted;
        continue;
      }
      const auto id = segment.id(row, scratch);
      if (!id) return id.error();
      const auto metadata = segment.metadata(row, metadata_scratch);
      if (!metadata) return metadata.error();
      const bool is_found = segment.find(*id, segment.rows(), nullptr) == row;
      if (is_found && msgpack::validate(*metadata, "metadata") &&
          is_finite(segment.vector(row), config_.dimensions)) {
        continue;
      }
      return Error{Code::kCorruptFile,
                   name + " is corrupt: row " + std::to_string(row) +
                       (is_found ? " is not well formed" : " cannot be found by its id")};
    }
    return {};
  }

  Expected<void> keep_segment(const store::SegmentEntry& entry, uint32_t rows) {
    const std::string name = store::segment_file_name(entry.number);
    auto content = source_.read(name);
    if (!content) return content.error();
    const uint64_t size = (*content)->bytes().size();
    const auto linked =
        place_file(*target_, name, source_, nullptr, SourceFile{name, std::move(*content)});
    if (!linked) return linked.error();
    written_.push_back(name);
    new_.segments.push_back({entry.number, rows, entry.deleted_rows});
    ++report_.files_kept;
    if (!*linked) report_.bytes_copied += size;
    return {};
  }

  /// Writes the whole rows to a segment of the same number; its graph is built in the background.
  Expected<void> rewrite_segment(const store::SegmentEntry& entry, const DamagedSegment& damaged,
                                 const std::string& problem) {
    std::vector<uint32_t> whole;
    uint64_t lost = 0;
    auto deleted = entry.deleted_rows.begin();
    for (uint32_t row = 0; row < damaged.rows(); ++row) {
      if (deleted != entry.deleted_rows.end() && *deleted == row) {
        ++deleted;
      } else if (damaged.is_whole(row)) {
        whole.push_back(row);
      } else {
        ++lost;
        if (auto id = damaged.certain_id(row)) {
          lost_ids_.insert(std::move(*id));
        } else {
          ++unnamed_;
        }
      }
    }
    report_.problems.push_back(problem + ": " + rows_text(lost) + " lost");
    const std::vector<RowRef> rows = newest_of_each_id(damaged, whole);
    if (rows.empty()) return {};
    const std::string name = store::segment_file_name(entry.number);
    written_.push_back(name);
    written_.push_back(name + ".tmp");
    auto written =
        Segment::write(*target_, name, config_.metric, config_.dimensions, rows, new_.first_log);
    if (!written) return written;
    const auto size = target_->size(name);
    if (!size) return size.error();
    report_.bytes_copied += *size;
    new_.segments.push_back({entry.number, static_cast<uint32_t>(rows.size()), {}});
    return {};
  }

  static std::vector<RowRef> newest_of_each_id(const DamagedSegment& damaged,
                                               std::span<const uint32_t> whole) {
    std::set<std::string> ids;
    std::vector<RowRef> rows;
    for (size_t i = whole.size(); i-- > 0;) {
      const auto id = damaged.certain_id(whole[i]);
      if (id && ids.insert(*id).second) rows.push_back({&damaged, whole[i]});
    }
    std::reverse(rows.begin(), rows.end());
    return rows;
  }

  /// Of several rows with one id the one in the newest segment is right.
  Expected<void> mark_replaced() {
    std::vector<Part> parts;
    for (const store::SegmentEntry& entry : new_.segments) {
      const auto segment = Segment::open(*target_, store::segment_file_name(entry.number),
                                         config_.metric, config_.dimensions, memory_);
      if (!segment) return segment.error();
      auto deleted = std::make_shared<Bitmap>(entry.rows);
      for (const uint32_t row : entry.deleted_rows) deleted->set(row);
      parts.push_back({*segment, entry.rows, 0, std::move(deleted)});
    }
    std::string scratch;
    for (size_t i = 0; i < parts.size(); ++i) {
      std::vector<uint32_t> deleted_rows;
      for (uint32_t row = 0; row < parts[i].count; ++row) {
        bool is_deleted = !parts[i].is_live(row);
        if (!is_deleted) {
          const auto id = parts[i].source->id(row, scratch);
          if (!id) return id.error();
          is_deleted = std::any_of(parts.begin() + static_cast<ptrdiff_t>(i) + 1, parts.end(),
                                   [&](const Part& newer) { return newer.find(*id).has_value(); });
        }
        if (is_deleted) deleted_rows.push_back(row);
      }
      store::SegmentEntry& entry = new_.segments[i];
      if (has_manifest_ && deleted_rows.size() != entry.deleted_rows.size()) {
        report_.problems.push_back(store::segment_file_name(entry.number) +
                                   " has rows of items that newer segments have too; those count");
      }
      entry.deleted_rows = std::move(deleted_rows);
    }
    return {};
  }

  /// Writes all that the logs say to one log, which is as if it had been committed to this index.
  Expected<void> save_logs() {
    written_.push_back(store::log_file_name(new_.first_log));
    auto log = store::LogWriter::create(*target_, new_.first_log, new_.first_sequence);
    if (!log) return log.error();
    uint32_t dim = config_.dimensions;
    uint64_t pending = 0;
    const auto apply = [&](const std::string& name, Bytes payload) -> Expected<void> {
      const auto batch = decode_batch(payload);
      auto fits = batch ? check_dimensions(dim, *batch) : batch.error();
      if (fits) fits = check_logged(*batch);
      if (!fits) {
        report_.problems.push_back(
            name + ": a record cannot be read and is lost: " + fits.error().message);
        return {};
      }
      if (batch->dim != 0) dim = batch->dim;
      // What is written or deleted later was not lost before.
      for (const Operation& operation : batch->operations) {
        if (!lost_ids_.empty()) lost_ids_.erase(std::string(operation.id));
      }
      report_.bytes_copied += payload.size();
      pending += payload.size();
      if (auto appended = (*log)->append(payload, true); !appended) return appended;
      if (pending < kFlushBytes) return {};
      pending = 0;
      return (*log)->flush();
    };
    auto read =
        read_damaged_logs(source_, {old_.first_log, old_.first_sequence}, apply, report_.problems);
    if (!read) return read;
    return (*log)->sync();
  }

  Expected<void> count_rows() {
    OpenOptions options;
    options.read_only = true;
    const auto collection = Collection::open(target_, options);
    if (!collection) return collection.error();
    const auto view = (*collection)->view();
    report_.rows_kept = view->live();
    // Without a manifest a row may be there twice in the files.
    std::erase_if(lost_ids_, [&](const std::string& id) { return view->find(id).has_value(); });
    report_.rows_lost = unnamed_ + lost_ids_.size();
    for (const std::string& id : lost_ids_) {
      if (report_.ids.size() == kMaxIds) break;
      report_.ids.push_back(id);
    }
    return {};
  }

  store::Vfs& source_;
  const std::shared_ptr<store::Vfs> target_;
  const SegmentMemory memory_{std::make_shared<column::BlockCache>(kCacheBytes)};
  store::Lock& lock_;    // of the target
  store::Manifest old_;  // or what stands for it
  bool has_manifest_ = false;
  bool knows_metric_ = false;
  Config config_;
  store::Manifest new_;
  std::vector<std::string> written_;
  std::set<std::string> lost_ids_;
  uint64_t unnamed_ = 0;  // lost rows whose id is not known
  RepairReport report_;
};

}  // namespace

Buffer encode_report(const RepairReport& report) {
  msgpack::Writer writer;
  const auto texts = [&writer](std::string_view name, const std::vector<std::string>& values) {
    writer.text(name);
    writer.array(static_cast<uint32_t>(values.size()));
    for (const std::string& value : values) writer.text(value);
  };
  const auto number = [&writer](std::string_view name, uint64_t value) {
    writer.text(name);
    writer.integer(value);
  };
  writer.map(6);
  number("itemsKept", report.rows_kept);
  number("itemsLost", report.rows_lost);
  texts("problems", report.problems);
  texts("ids", report.ids);
  number("filesKept", report.files_kept);
  number("bytesCopied", report.bytes_copied);
  return writer.take();
}

Expected<RepairReport> repair(store::Vfs& source, const std::shared_ptr<store::Vfs>& target) {
  const auto has_index = [](store::Vfs& vfs) -> Expected<bool> {
    const auto files = vfs.list();
    if (!files) return files.error();
    return std::any_of(files->begin(), files->end(), is_index_file);
  };
  const auto found = has_index(source);
  if (!found) return found.error();
  if (!*found) {
    return Error{Code::kIndexNotFound,
                 "Index does not exist: no file of one in " + std::string(source.describe())};
  }
  const auto check_empty = [&]() -> Expected<void> {
    const auto occupied = has_index(*target);
    if (!occupied) return occupied.error();
    if (!*occupied) return {};
    return Error{Code::kIndexExists, "Index already exists in " + std::string(target->describe())};
  };
  // Before the lock too: it may be the source.
  if (auto empty = check_empty(); !empty) return empty.error();
  if (auto free = store::check_unlocked(source); !free) return free.error();
  if (auto made = target->make_folder(); !made) return made.error();
  auto lock = store::Lock::acquire(*target);
  if (!lock) return lock.error();
  if (auto empty = check_empty(); !empty) return empty.error();
  auto report = Repair(source, target, **lock).run();
  if (!report) {
    lock->reset();
    (void)store::remove_lock_files(*target);
    (void)target->remove_folder_if_empty();
  }
  return report;
}

}  // namespace quiver::engine
