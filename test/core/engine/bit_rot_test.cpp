// A bit that changes on the disk: whatever file it is in, opening or verify() names that file, or
// every answer is as it was.

#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/msgpack.h"
#include "engine/collection.h"
#include "engine/cursor.h"
#include "engine/searcher.h"
#include "store/file_names.h"
#include "support/batches.h"
#include "support/collection_fixture.h"
#include "support/log_room.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;
using test::CollectionFixture;
using test::random_vector;
using test::without_room;

using Files = decltype(store::MemoryDisk::files);

constexpr uint32_t kDim = 4;

std::string id_of(uint32_t n) { return "item-" + std::to_string(n); }

Buffer metadata_of(uint32_t n) {
  msgpack::Writer writer;
  writer.map(n % 20 == 0 ? 1 : 3);
  writer.text(n % 20 == 0 ? "only " + std::to_string(n) : "n");
  writer.number(n);
  if (n % 20 == 0) return writer.take();
  writer.text("half");
  writer.number(n + 0.5);
  writer.text("text");
  writer.text("what is said of the item " + std::to_string(n) + " is said of all");
  return writer.take();
}

BatchMaker items(std::mt19937& random, uint32_t first, uint32_t last) {
  BatchMaker batch(kDim);
  for (uint32_t n = first; n < last; ++n) {
    batch.insert(id_of(n), random_vector(random, kDim), metadata_of(n));
  }
  return batch;
}

/// The files of an index with deleted rows: segments of `rows` each, then two transactions in the
/// log.
Files index_of(Metric metric, uint32_t segments, uint32_t rows) {
  CollectionFixture index(metric, rows);
  std::mt19937 random(1);
  uint32_t next = 0;
  for (uint32_t i = 0; i < segments; ++i, next += rows) {
    EXPECT_TRUE(index.commit(items(random, next, next + rows)));
    index.maintain();
    EXPECT_TRUE(index.commit(BatchMaker(kDim).remove(id_of(next)).remove(id_of(next + 3))));
  }
  EXPECT_TRUE(index.commit(items(random, next, next + 5)));
  EXPECT_TRUE(index->close());
  return index.disk_->files;
}

/// All that can be asked of an index, as bytes.
struct Answers {
  std::vector<Buffer> blocks;
  std::vector<std::optional<size_t>> places;
  bool operator==(const Answers&) const = default;
};

Expected<Answers> answers(Collection& index, uint32_t items) {
  Answers all;
  const auto view = index.view();
  auto listed = list_cursor(view, std::nullopt, true)->next(0xFFFFFFFF);
  if (!listed) return listed.error();
  all.blocks.push_back(std::move(*listed));
  for (uint32_t n = 0; n < items; ++n) {
    const auto place = view->find(id_of(n));
    all.places.push_back(place ? std::optional(place->part << 32 | place->row) : std::nullopt);
  }
  msgpack::Writer filter_writer;
  filter_writer.map(1);
  filter_writer.text("half");
  filter_writer.map(1);
  filter_writer.text("$gt");
  filter_writer.number(10);
  const auto filter = filter::Filter::parse(filter_writer.take());
  std::mt19937 random(2);
  for (uint32_t i = 0; i < 3; ++i) {
    const auto query = prepare_query(*view, index.config().metric, random_vector(random, kDim));
    if (!query) return query.error();
    for (const bool filtered : {false, true}) {
      QueryOptions options;
      options.top_k = 5;
      options.ef = 10;  // few, so that a graph is walked
      options.filter = filtered ? &*filter : nullptr;
      const auto hits = search_view(*view, *query, options);
      if (!hits) return hits.error();
      ByteWriter block;
      if (auto written = append_result_block(*view, *hits, true, block); !written) {
        return written.error();
      }
      all.blocks.push_back(block.take());
    }
  }
  ByteWriter counts;
  counts.put(view->live());
  counts.put(view->dim);
  counts.put(index.config().metric);
  counts.put(index.config().graph.m);
  counts.put(index.config().graph.ef_construction);
  all.blocks.push_back(counts.take());
  return all;
}

/// Opens the files, asks everything, and verifies them: what was said to be wrong.
struct Finding {
  std::optional<Answers> answers;
  std::string problems;
};

Finding look_at(const Files& files, uint32_t items) {
  const auto disk = std::make_shared<store::MemoryDisk>();
  disk->files = files;
  Finding finding;
  const auto index = Collection::open(store::memory_vfs(disk), {});
  if (!index) {
    finding.problems = index.error().message;
    return finding;
  }
  if (auto all = answers(**index, items)) {
    finding.answers = std::move(*all);
  } else {
    finding.problems = all.error().message + "\n";
  }
  const auto report = (*index)->verify();
  if (!report) {
    finding.problems += report.error().message;
    return finding;
  }
  for (const msgpack::Value problem : msgpack::Value(*report).find("problems")->elements()) {
    finding.problems.append(problem.text()).append("\n");
  }
  return finding;
}

class BitRot : public testing::Test {
 protected:
  /// Where the last transaction of the log begins, in the last log file.
  struct End {
    std::string name;
    size_t offset = 0;
  };

  /// Flips one bit in about one byte of `stride`, in every file.
  static void flip_bits(const Files& files, uint32_t items, size_t stride) {
    const Finding whole = look_at(files, items);
    ASSERT_TRUE(whole.answers);
    ASSERT_EQ(whole.problems, "");
    const End end = end_of(files);
    const Finding without_last = look_at(cut(files, end), items);
    ASSERT_TRUE(without_last.answers);
    std::mt19937 random(3);
    for (const auto& [name, content] : files) {
      for (size_t at = random() % stride; at < content->size();
           at += 1 + random() % (2 * stride - 1)) {
        Buffer damaged = *content;
        damaged[at] ^= static_cast<uint8_t>(1U << (random() % 8));
        Files changed = files;
        changed[name] = std::make_shared<const Buffer>(std::move(damaged));
        const Finding found = look_at(changed, items);
        const std::string where = name + ", byte " + std::to_string(at);
        if (!found.problems.empty()) {
          ASSERT_NE(found.problems.find(name), std::string::npos)
              << where << ": " << found.problems;
          continue;
        }
        // The last transaction looks as one does that a crash cut off: it is there or not.
        const bool in_last = name == end.name && at >= end.offset;
        ASSERT_TRUE(found.answers == whole.answers ||
                    (in_last && found.answers == without_last.answers))
            << where;
      }
    }
  }

 private:
  static End end_of(const Files& files) {
    End end;
    for (const auto& [name, content] : files) {
      if (store::log_file_number(name)) end.name = name;
    }
    // Each record: u32 crc, u32 size, u64 number, u32 flags, u32 crc, and its payload.
    const Buffer& log = *files.at(end.name);
    for (size_t at = 32; at < log.size();) {
      uint32_t size = 0;
      std::memcpy(&size, &log[at + 4], sizeof(size));
      end.offset = at;
      at += (24 + size + 7) / 8 * 8;
    }
    return end;
  }

  static Files cut(Files files, const End& end) {
    const auto log = files.at(end.name);
    files[end.name] = std::make_shared<const Buffer>(
        log->begin(), log->begin() + static_cast<ptrdiff_t>(end.offset));
    return files;
  }
};

TEST_F(BitRot, OfASmallIndexIsNamedOrHarmless) {
  flip_bits(without_room(index_of(Metric::kCosine, 2, 24)), 60, 1);
}

TEST_F(BitRot, OfAnIndexWithAGraphIsNamedOrHarmless) {
  flip_bits(without_room(index_of(Metric::kL2, 1, 1100)), 1110, 200);
}

TEST_F(BitRot, OfRoomForRecordsIsHarmless) {
  const Files files = index_of(Metric::kL2, 1, 24);
  const Finding whole = look_at(files, 40);
  ASSERT_TRUE(whole.answers);
  const Files written = without_room(files);
  size_t room = 0;
  for (const auto& [name, content] : files) {
    for (size_t at = written.at(name)->size(); at < content->size(); at += 1 + room / 4, ++room) {
      Buffer damaged = *content;
      damaged[at] ^= 4;
      Files changed = files;
      changed[name] = std::make_shared<const Buffer>(std::move(damaged));
      const Finding found = look_at(changed, 40);
      ASSERT_EQ(found.problems, "") << name << ", byte " << at;
      ASSERT_TRUE(found.answers == whole.answers) << name << ", byte " << at;
    }
  }
  EXPECT_GT(room, 20U);
}

}  // namespace
}  // namespace quiver::engine
