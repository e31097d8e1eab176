// Queries that are answered at once, on the thread that asks, because they take but a moment.

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "base/msgpack.h"
#include "engine/collection.h"
#include "engine/query_pace.h"
#include "filter/generator.h"
#include "quiver.h"
#include "support/batches.h"
#include "support/requests.h"

namespace quiver::engine {
namespace {

using filter::Tree;
using std::chrono::hours;
using std::chrono::microseconds;
using test::words;

constexpr uint32_t kDim = 4;
constexpr int kRows = 3000;

class ShortQuery : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = test::session_in_memory("sealThreshold", kRows);
    ASSERT_TRUE(opened) << opened.error().message;
    session_ = std::move(*opened);
    insert(kRows);
    while (*session_->pump(std::chrono::seconds(1))) {
    }
  }

  void insert(int rows) {
    test::BatchMaker batch(kDim);
    for (int i = 0; i < rows; ++i, ++inserted_) {
      msgpack::Writer metadata;
      metadata.map(2);
      metadata.text("n");
      metadata.integer(inserted_ % 10);
      metadata.text("text");
      metadata.text(std::to_string(inserted_) + " is a text of its own");
      batch.insert(std::to_string(inserted_), test::random_vector(random_, kDim), metadata.take());
    }
    ASSERT_TRUE(session_->write(words({16}, batch.encode())));
  }

  static Buffer query(Bytes filter, uint32_t flags = 0) {
    return test::query_request({.flags = flags, .filter = filter}, {{0.1F, 0.2F, 0.3F, 0.4F}});
  }
  std::optional<Expected<Buffer>> at_once(const Buffer& request) {
    return session_->read_if_short(request, hours(1));
  }

  std::mt19937 random_{1};
  int inserted_ = 0;
  std::unique_ptr<Session> session_;
};

TEST_F(ShortQuery, WithAFilterIsAnsweredAtOnceWhenOneHasBeen) {
  const Buffer filter = filter::encode(filter::object({{"n", Tree(3)}}));
  const Buffer other = filter::encode(filter::object({{"n", Tree(4)}}));
  ASSERT_TRUE(session_->read(query({})));
  EXPECT_TRUE(at_once(query({})));
  EXPECT_FALSE(at_once(query(filter)));
  const auto first = session_->read(query(filter));
  ASSERT_TRUE(first);
  const auto again = at_once(query(filter));
  ASSERT_TRUE(again && *again);
  EXPECT_EQ(**again, *first);
  EXPECT_FALSE(at_once(query(other)));
  constexpr uint32_t kExact = 2;
  EXPECT_FALSE(at_once(query(filter, kExact)));
  EXPECT_FALSE(session_->read_if_short(query(filter), std::chrono::nanoseconds(0)));
}

TEST_F(ShortQuery, WhoseFilterHasToReadColumnsIsNot) {
  const Buffer filter = filter::encode(filter::object({{"text", Tree("7 is a text of its own")}}));
  // Asked row by row the first time, by columns the second.
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(at_once(query(filter))) << i;
    ASSERT_TRUE(session_->read(query(filter)));
  }
  EXPECT_TRUE(at_once(query(filter)));
  // Rows in memory are asked one by one; those of a new segment are to be read again.
  insert(kRows);
  EXPECT_TRUE(at_once(query(filter)));
  while (*session_->pump(std::chrono::seconds(1))) {
  }
  EXPECT_FALSE(at_once(query(filter)));
}

TEST_F(ShortQuery, WithAFilterThatIsNoneFails) {
  const Buffer filter = filter::encode(filter::object({{"$no", Tree(1)}}));
  EXPECT_FALSE(at_once(query(filter)));
  EXPECT_EQ(session_->read(query(filter)).error().code, Code::kInvalidFilter);
}

TEST(QueryPace, IsKnownOfEachFilterApart) {
  QueryPace pace;
  pace.record(80, microseconds(20));
  pace.record(80, microseconds(90), 0x1200000001);
  EXPECT_LT(pace.estimate(80), microseconds(21));
  EXPECT_GT(pace.estimate(80, 0x1200000001), microseconds(80));
  EXPECT_GT(pace.estimate(80, 0x1200000002), hours(1));
  // Of two in one place the later one is known.
  EXPECT_GT(pace.estimate(80, 0x3400000001), hours(1));
  pace.record(80, microseconds(50), 0x3400000001);
  EXPECT_LT(pace.estimate(80, 0x3400000001), microseconds(51));
  EXPECT_GT(pace.estimate(80, 0x1200000001), hours(1));
  pace.forget();
  EXPECT_GT(pace.estimate(80), hours(1));
  EXPECT_GT(pace.estimate(80, 0x3400000001), hours(1));
}

TEST(QueryPace, LearnsSlowOnesQuickly) {
  QueryPace pace;
  for (int i = 0; i < 100; ++i) pace.record(80, microseconds(20), 1);
  pace.record(80, microseconds(2000), 1);
  EXPECT_GT(pace.estimate(80, 1), microseconds(900));
  for (int i = 0; i < 10; ++i) pace.record(80, microseconds(20), 1);
  EXPECT_GT(pace.estimate(80, 1), microseconds(200));
}

}  // namespace
}  // namespace quiver::engine
