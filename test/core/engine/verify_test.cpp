// verify() reads everything, and meanwhile keeps nobody from anything: writes go on, and merges
// remove the files that it reads.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <utility>

#include "base/msgpack.h"
#include "engine/collection.h"
#include "store/file_names.h"
#include "support/batches.h"
#include "support/collection_fixture.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;
using test::CollectionFixture;

constexpr uint32_t kDim = 8;

BatchMaker rows(uint32_t first, uint32_t last) { return test::numbered_rows(first, last, kDim); }

/// Two segments, and a head whose log is the second one.
void fill(CollectionFixture& index) {
  for (const uint32_t first : {0U, 20U}) {
    ASSERT_TRUE(index.commit(rows(first, first + 20)));
    index.maintain();
  }
  ASSERT_TRUE(index.commit(rows(40, 45)));
  ASSERT_TRUE(index.commit(rows(45, 47)));
}

/// What verify() says is wrong, a line each.
std::string problems(CollectionFixture& index) {
  const auto report = index->verify();
  if (!report) return "no report: " + report.error().message;
  std::string lines;
  for (const msgpack::Value problem : msgpack::Value(*report).find("problems")->elements()) {
    lines.append(problem.text()).append("\n");
  }
  return lines;
}

/// The name of the first file of a kind.
std::string first_file(CollectionFixture& index,
                       const std::function<std::optional<uint64_t>(std::string_view)>& number_of) {
  for (const auto& [name, content] : index.disk_->files) {
    if (number_of(name)) return name;
  }
  return "none";
}

void flip(CollectionFixture& index, const std::string& name, size_t at) {
  Buffer damaged = *index.disk_->files.at(name);
  damaged.at(at) ^= 1;
  index.disk_->files[name] = std::make_shared<const Buffer>(std::move(damaged));
}

TEST(Verify, LetsWritesThroughWhileItReadsSegments) {
  CollectionFixture index(Metric::kL2, 20);
  fill(index);
  std::future<bool> written;
  std::atomic<bool> is_reading{false};
  index.before_read([&](std::string_view name) {
    if (!store::segment_file_number(name) || is_reading.exchange(true)) return;
    written = std::async(std::launch::async, [&] {
      return index.commit(rows(100, 101)).has_value() && index->keep_lock().has_value();
    });
    EXPECT_EQ(written.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  });
  EXPECT_EQ(problems(index), "");
  ASSERT_TRUE(written.valid());
  EXPECT_TRUE(written.get());
}

TEST(Verify, FindsNothingWrongWithFilesThatAMergeRemoves) {
  CollectionFixture index(Metric::kL2, 20);
  fill(index);
  const auto before = index.disk_->files;
  std::future<void> merged;
  std::atomic<bool> is_reading{false};
  index.before_read([&](std::string_view name) {
    if (!store::segment_file_number(name) || is_reading.exchange(true)) return;
    merged = std::async(std::launch::async, [&] {
      EXPECT_TRUE(index->request_optimize());
      index.maintain();
    });
    EXPECT_EQ(merged.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  });
  EXPECT_EQ(problems(index), "");
  ASSERT_TRUE(merged.valid());
  for (const auto& [name, content] : before) {
    if (!store::segment_file_number(name) && !store::log_file_number(name)) continue;
    EXPECT_FALSE(index.disk_->files.contains(name)) << name;
  }
}

TEST(Verify, ByAReaderFindsNothingWrongWithFilesThatAMergeRemoves) {
  for (const auto number_of : {store::log_file_number, store::segment_file_number}) {
    SCOPED_TRACE(number_of == store::log_file_number ? "before a log" : "before a segment");
    CollectionFixture writer(Metric::kL2, 20);
    fill(writer);
    CollectionFixture reader(writer, {});
    bool merged = false;
    reader.before_read([&](std::string_view name) {
      if (!number_of(name) || std::exchange(merged, true)) return;
      EXPECT_TRUE(writer->request_optimize());
      writer.maintain();
    });
    EXPECT_EQ(problems(reader), "");
    EXPECT_TRUE(merged);
  }
}

TEST(Verify, NamesFilesThatAreMissing) {
  for (const bool by_reader : {false, true}) {
    SCOPED_TRACE(by_reader ? "by a reader" : "by the writer");
    CollectionFixture writer(Metric::kL2, 20);
    fill(writer);
    CollectionFixture reader(writer, {});
    CollectionFixture& index = by_reader ? reader : writer;
    const std::string segment = first_file(index, store::segment_file_number);
    const std::string log = first_file(index, store::log_file_number);
    index.disk_->files.erase(segment);
    EXPECT_NE(problems(index).find(segment), std::string::npos);
    if (by_reader) continue;  // it needs the log to follow
    index.disk_->files.erase(log);
    EXPECT_NE(problems(index).find(log), std::string::npos);
    EXPECT_NE(problems(index).find(segment), std::string::npos);
  }
}

TEST(Verify, NamesAFileThatWasDamagedSinceItWasOpened) {
  CollectionFixture index(Metric::kL2, 20);
  fill(index);
  const auto sound = index.disk_->files;
  const std::string segment = first_file(index, store::segment_file_number);
  const std::string log = first_file(index, store::log_file_number);
  const std::string manifest(store::kManifestName);
  const std::pair<std::string, size_t> places[] = {
      {segment, 3},   {segment, 20}, {segment, 64}, {segment, sound.at(segment)->size() - 1},
      {log, 3},       {log, 40},     {log, 60},     {manifest, 3},
      {manifest, 40},
  };
  for (const auto& [name, at] : places) {
    SCOPED_TRACE(name + ", byte " + std::to_string(at));
    flip(index, name, at);
    EXPECT_NE(problems(index).find(name), std::string::npos);
    index.disk_->files = sound;
  }
  EXPECT_EQ(problems(index), "");
}

}  // namespace
}  // namespace quiver::engine
