// What asynchronous calls answer when there is no memory: an error, and the session can be closed.

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/msgpack.h"
#include "engine/async_session.h"
#include "quiver.h"
#include "store/vfs_native.h"
#include "support/batches.h"
#include "support/limited_memory.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;

template <typename T>
class Answer {
 public:
  Completion<T> completion() {
    return [promise = promise_](Expected<T> result) { promise->set_value(std::move(result)); };
  }
  Expected<T> get() {
    auto future = promise_->get_future();
    if (future.wait_for(std::chrono::seconds(30)) != std::future_status::ready) {
      return Error{Code::kInternal, "no answer"};
    }
    return future.get();
  }

 private:
  std::shared_ptr<std::promise<Expected<T>>> promise_ =
      std::make_shared<std::promise<Expected<T>>>();
};

struct Query {
  uint32_t op = 1;
  uint32_t top_k = 10;
  uint32_t ef = 0;
  uint32_t flags = 0;
  float min_score = -std::numeric_limits<float>::infinity();
  float target_recall = 0;  // the default
  uint32_t queries = 1;
  uint32_t dim = 2;
  uint32_t filter_bytes = 0;
  uint32_t options_bytes = 0;
  float vector[2] = {1, 2};
};

Buffer query(uint32_t top_k) {
  Query query;
  query.top_k = top_k;
  const Bytes bytes = as_bytes(std::span<const Query>(&query, 1));
  return {bytes.begin(), bytes.end()};
}

class FullMemorySession : public testing::Test {
 protected:
  static constexpr std::chrono::hours kLong{1};

  void SetUp() override {
    msgpack::Writer config;
    config.map(1);
    config.text("metric");
    config.text("l2");
    ASSERT_TRUE(create_index(*store::native_vfs(folder_), config.take()));
    msgpack::Writer options;
    options.map(1);
    options.text("durability");
    options.text("none");
    Answer<std::shared_ptr<AsyncSession>> opened;
    AsyncSession::open(folder_, options.take(), opened.completion());
    session_ = *opened.get();
    BatchMaker batch(2);
    for (int i = 0; i < 60; ++i) {
      msgpack::Writer metadata;
      metadata.map(1);
      metadata.text("text");
      metadata.text(std::string(10'000, 'x'));
      batch.insert(std::to_string(i), {static_cast<float>(i), 1}, metadata.take());
    }
    Buffer request = batch.encode();
    request.insert(request.begin(), {16, 0, 0, 0});
    Answer<Buffer> written;
    session_->write(std::move(request), written.completion());
    ASSERT_TRUE(written.get());
  }
  void TearDown() override {
    test::largest_allocation = SIZE_MAX;
    session_.reset();
    shutdown_threads();
    std::filesystem::remove_all(folder_);
  }

  Expected<Buffer> read(const Buffer& request) {
    Answer<Buffer> answer;
    session_->read(request, answer.completion());
    return answer.get();
  }

  const std::string folder_ = (std::filesystem::temp_directory_path() /
                               ("quiver-memory-" + std::to_string(std::random_device{}())))
                                  .string();
  std::shared_ptr<AsyncSession> session_;
};

TEST_F(FullMemorySession, AnswersThatAndCloses) {
  const Buffer request = query(40);
  ASSERT_TRUE(read(request));
  ASSERT_TRUE(session_->read_here(request));
  const auto quick = session_->read_if_short(request, kLong);
  ASSERT_TRUE(quick && *quick);

  test::largest_allocation = 200'000;  // the answer has twice as much
  EXPECT_EQ(read(request).error().code, Code::kOutOfMemory);
  EXPECT_EQ(session_->read_here(request).error().code, Code::kOutOfMemory);
  const auto failed = session_->read_if_short(request, kLong);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->error().code, Code::kOutOfMemory);
  test::largest_allocation = SIZE_MAX;

  EXPECT_TRUE(read(request));
  Answer<void> closed;
  session_->close(closed.completion());
  EXPECT_TRUE(closed.get());
}

TEST_F(FullMemorySession, LeavesLongAnswersToOtherThreads) {
  ASSERT_TRUE(read(query(10)));
  EXPECT_TRUE(session_->read_if_short(query(50), kLong));
  EXPECT_FALSE(session_->read_if_short(query(51), kLong));
  EXPECT_FALSE(session_->read_if_short(query(10), std::chrono::nanoseconds(0)));
}

}  // namespace
}  // namespace quiver::engine
