// Queries that are asked again, as sessions answer them.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <random>

#include "base/msgpack.h"
#include "filter/generator.h"
#include "quiver.h"
#include "support/batches.h"
#include "support/requests.h"

namespace quiver::engine {
namespace {

using filter::Tree;
using test::BatchMaker;
using test::random_vector;
using test::words;

constexpr uint32_t kDim = 4;
constexpr uint32_t kVectors = 1;
constexpr uint32_t kMayStop = 4;
constexpr uint32_t kExplain = 8;

class CachedSession : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = test::session_in_memory("cacheSize", 1 << 20);
    ASSERT_TRUE(opened) << opened.error().message;
    session_ = std::move(*opened);
    BatchMaker batch(kDim);
    std::mt19937 random(1);
    for (int i = 0; i < 200; ++i) {
      batch.insert(std::to_string(i), random_vector(random, kDim), test::number_metadata(i % 10));
    }
    write(batch);
  }

  void write(const BatchMaker& batch) { ASSERT_TRUE(session_->write(words({16}, batch.encode()))); }

  static Buffer request(uint32_t top_k, uint32_t flags, Bytes filter = {}) {
    return test::query_request({.top_k = top_k, .flags = flags, .filter = filter},
                               {{0.1F, 0.2F, 0.3F, 0.4F}});
  }

  /// On the calling thread, where nothing but what is known already is quick enough.
  std::optional<Expected<Buffer>> at_once(const Buffer& request) {
    return session_->read_if_short(request, std::chrono::nanoseconds(-1));
  }

  double count(std::string_view name) {
    const auto stats = session_->read(Buffer{3, 0, 0, 0});
    EXPECT_TRUE(stats);
    return msgpack::Value(*stats).find("cache")->find(name)->number();
  }

  std::unique_ptr<Session> session_;
};

TEST_F(CachedSession, AnswersAtOnceWhatItKnowsHoweverLongQueriesTake) {
  const Buffer filter = filter::encode(filter::object({{"n", Tree(3)}}));
  for (const Buffer& asked : {request(5, 0), request(5, 0, filter), request(50, kVectors)}) {
    EXPECT_FALSE(at_once(asked));
    const auto first = session_->read(asked);
    ASSERT_TRUE(first);
    // As it is asked in the addon: in room that holds something else behind it.
    Buffer room = asked;
    room.resize(asked.size() + 100, 0xAB);
    const auto again = at_once(room);
    ASSERT_TRUE(again && *again);
    EXPECT_EQ(**again, *first);
    ASSERT_TRUE(session_->read(room));
  }
  EXPECT_EQ(count("hits"), 6);
  EXPECT_EQ(count("misses"), 3);  // each query once, though it was asked for twice
}

TEST_F(CachedSession, AnswersNothingAtOnceThatIsLargeOrIsToBeExplained) {
  for (const Buffer& asked : {request(51, 0), request(5, kExplain)}) {
    ASSERT_TRUE(session_->read(asked));
    ASSERT_TRUE(session_->read(asked));
    EXPECT_FALSE(at_once(asked));
  }
  EXPECT_EQ(count("hits"), 1);
  EXPECT_EQ(count("entries"), 1);
}

TEST_F(CachedSession, ThatARequestMayStopLeavesItsAnswersAsTheyAre) {
  const auto first = session_->read(request(5, kMayStop));
  const auto again = at_once(request(5, 0));
  ASSERT_TRUE(first && again && *again);
  EXPECT_EQ(**again, *first);
}

TEST_F(CachedSession, ForgetsWithAWrite) {
  const Buffer asked = request(1, 0);
  const auto first = session_->read(asked);
  BatchMaker batch(kDim);
  batch.insert("same", {0.1F, 0.2F, 0.3F, 0.4F});
  write(batch);
  EXPECT_FALSE(at_once(asked));
  const auto again = session_->read(asked);
  ASSERT_TRUE(first && again);
  EXPECT_NE(*first, *again);
}

TEST_F(CachedSession, AMalformedRequestIsOneThatIsNotKnown) {
  const Buffer whole = request(5, 0);
  ASSERT_TRUE(session_->read(whole));
  for (size_t size = 0; size < whole.size(); ++size) {
    const Buffer cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_FALSE(at_once(cut)) << size;
    EXPECT_FALSE(session_->read(cut)) << size;
  }
}

TEST_F(CachedSession, OneQueryAtATimeIsExplained) {
  const auto explained = session_->read(request(5, kExplain));
  const auto plain = session_->read(request(5, 0));
  ASSERT_TRUE(explained && plain);
  ASSERT_GT(explained->size(), plain->size());
  EXPECT_TRUE(std::equal(plain->begin(), plain->end(), explained->begin()));
  const Bytes map = Bytes(*explained).subspan(plain->size());
  ASSERT_TRUE(msgpack::validate(map, "explanation"));
  EXPECT_EQ(msgpack::Value(map).find("results")->number(), 5);
  Buffer two = request(5, kExplain);
  two[24] = 2;  // queries
  const Buffer vector(two.end() - kDim * sizeof(float), two.end());
  two.insert(two.end(), vector.begin(), vector.end());
  EXPECT_EQ(session_->read(two).error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace quiver::engine
