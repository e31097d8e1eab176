// Sessions of several threads on one folder while it seals and merges. Every transaction writes or
// removes a pair of items, so whoever sees one of a pair without the other has seen half a
// transaction. Meant for ThreadSanitizer as well.

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <random>
#include <set>
#include <thread>

#include "base/msgpack.h"
#include "engine/async_session.h"
#include "quiver.h"
#include "support/batches.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;
using test::random_vector;

constexpr uint32_t kDim = 8;

template <typename T>
class Answer {
 public:
  Completion<T> completion() {
    return [promise = promise_](Expected<T> result) { promise->set_value(std::move(result)); };
  }
  Expected<T> get() { return promise_->get_future().get(); }

 private:
  std::shared_ptr<std::promise<Expected<T>>> promise_ =
      std::make_shared<std::promise<Expected<T>>>();
};

Buffer words(std::initializer_list<uint32_t> numbers, Bytes rest = {}) {
  ByteWriter writer;
  for (const uint32_t number : numbers) writer.put(number);
  writer.put_bytes(rest);
  return writer.take();
}

class Client {
 public:
  explicit Client(const std::string& folder, uint32_t cache_bytes = 0) {
    msgpack::Writer options;
    options.map(3);
    options.text("cacheSize");
    options.integer(cache_bytes);
    options.text("durability");
    options.text("none");
    options.text("sealThreshold");
    options.integer(1100);
    Answer<std::shared_ptr<AsyncSession>> answer;
    AsyncSession::open(folder, options.take(), answer.completion());
    auto opened = answer.get();
    EXPECT_TRUE(opened) << opened.error().message;
    session_ = *opened;
  }

  Expected<Buffer> read(Buffer request) {
    Answer<Buffer> answer;
    session_->read(std::move(request), answer.completion());
    return answer.get();
  }

  Expected<Buffer> write(const BatchMaker& batch) {
    Answer<Buffer> answer;
    session_->write(words({16}, batch.encode()), answer.completion());
    return answer.get();
  }

  void close() {
    Answer<void> answer;
    session_->close(answer.completion());
    EXPECT_TRUE(answer.get());
  }

  /// The ids of all items of one view.
  std::multiset<std::string> list() {
    const auto cursor = read(words({5, 0, 0}));
    EXPECT_TRUE(cursor) << cursor.error().message;
    uint32_t number = 0;
    std::memcpy(&number, cursor->data(), 4);
    std::multiset<std::string> ids;
    while (true) {
      const auto block = read(words({7, number, 500}));
      EXPECT_TRUE(block);
      const auto some = ids_of(*block);
      if (some.empty()) break;
      ids.insert(some.begin(), some.end());
    }
    EXPECT_TRUE(read(words({8, number})));
    return ids;
  }

  std::vector<std::string> query(const std::vector<float>& vector, uint32_t top_k) {
    ByteWriter request;
    for (const uint32_t number : {1U, top_k, 0U, 0U}) request.put(number);
    request.put(-std::numeric_limits<float>::infinity());
    request.put(0.0F);  // the default recall
    for (const uint32_t number : {1U, kDim, 0U, 0U}) request.put(number);
    request.put_bytes(as_bytes(std::span<const float>(vector)));
    const auto block = read(request.take());
    EXPECT_TRUE(block) << block.error().message;
    return ids_of(*block);
  }

 private:
  static std::vector<std::string> ids_of(Bytes block) {
    ByteReader reader(block);
    const uint32_t count = *reader.get<uint32_t>();
    const uint32_t dim = *reader.get<uint32_t>();
    (void)reader.get_bytes(8 + uint64_t{count} * 12);
    ByteReader id_lengths(*reader.get_bytes(uint64_t{count} * 4));
    ByteReader metadata_lengths(*reader.get_bytes(uint64_t{count} * 4));
    (void)reader.get_bytes(uint64_t{count} * 4 * dim);
    std::vector<std::string> ids;
    for (uint32_t i = 0; i < count; ++i) {
      ids.emplace_back(as_text(*reader.get_bytes(*id_lengths.get<uint32_t>())));
      (void)reader.get_bytes(*metadata_lengths.get<uint32_t>());
    }
    return ids;
  }

  std::shared_ptr<AsyncSession> session_;
};

class Concurrency : public testing::Test {
 protected:
  void SetUp() override {
    msgpack::Writer config;
    config.map(4);
    config.text("metric");
    config.text("l2");
    config.text("M");
    config.integer(4);
    config.text("efConstruction");
    config.integer(8);
    config.text("dimensions");
    config.integer(kDim);
    ASSERT_TRUE(create_index(*store::native_vfs(folder_), config.take()));
  }
  void TearDown() override {
    shutdown_threads();
    std::filesystem::remove_all(folder_);
  }

  const std::string folder_ = (std::filesystem::temp_directory_path() /
                               ("quiver-threads-" + std::to_string(std::random_device{}())))
                                  .string();
};

TEST_F(Concurrency, ReadersSeeWholeTransactionsWhileSegmentsComeAndGo) {
  constexpr uint32_t kWriters = 2;
  constexpr uint32_t kRounds = 500;
  std::atomic<uint32_t> writing{kWriters};
  std::vector<std::thread> threads;
  for (uint32_t writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      Client client(folder_);
      std::mt19937 random(writer + 1);
      for (uint32_t round = 0; round < kRounds; ++round) {
        BatchMaker batch(kDim);
        for (uint32_t i = 0; i < 15; ++i) {
          const std::string name = std::to_string(writer) + "-" + std::to_string(random() % 1500);
          const bool removes = random() % 5 == 0;
          for (const char* half : {"a ", "b "}) {
            if (removes) {
              batch.remove(half + name);
            } else {
              batch.upsert(half + name, random_vector(random, kDim));
            }
          }
        }
        const auto written = client.write(batch);
        ASSERT_TRUE(written) << written.error().message;
      }
      --writing;
      client.close();
    });
  }
  for (uint32_t reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&, reader] {
      Client client(folder_);
      std::mt19937 random(100 + reader);
      do {
        const auto ids = client.list();
        for (const std::string& id : ids) {
          std::string other = id;
          other[0] = id[0] == 'a' ? 'b' : 'a';
          ASSERT_EQ(ids.count(id), 1U) << id;
          ASSERT_EQ(ids.count(other), 1U) << other << " is missing";
        }
        for (int i = 0; i < 20; ++i) {
          const auto found = client.query(random_vector(random, kDim), 10);
          ASSERT_EQ(std::set<std::string>(found.begin(), found.end()).size(), found.size());
          ASSERT_GE(found.size(), std::min<size_t>(10, ids.size() / 2));
        }
      } while (writing != 0);
      client.close();
    });
  }
  threads.emplace_back([&] {
    Client client(folder_);
    for (int number = 0; writing != 0; ++number) {
      const std::string copy = folder_ + "-copy" + std::to_string(number);
      const auto taken = client.read(
          words({10, static_cast<uint32_t>(copy.size()), 0}, as_bytes(std::string_view(copy))));
      ASSERT_TRUE(taken) << taken.error().message;
      {
        Client reader(copy);
        const auto ids = reader.list();
        for (const std::string& id : ids) {
          ASSERT_EQ(ids.count((id[0] == 'a' ? 'b' : 'a') + id.substr(1)), 1U) << id;
        }
        reader.close();
      }
      std::filesystem::remove_all(copy);
    }
    client.close();
  });
  for (std::thread& thread : threads) thread.join();

  Client client(folder_);
  const auto report = client.read(words({4}));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(msgpack::Value(*report).find("ok")->boolean());
  client.close();
}

TEST_F(Concurrency, AnAnswerFromTheCacheIsNeverOlderThanWhatWasWrittenBeforeTheQuery) {
  constexpr uint32_t kThreads = 8;
  constexpr uint32_t kRounds = 200;
  std::vector<std::thread> threads;
  for (uint32_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      Client client(folder_, 1 << 20);
      std::vector<float> place(kDim, 0);
      place[thread] = 100;
      const auto name = [thread](uint32_t round) {
        return std::to_string(thread) + "-" + std::to_string(round);
      };
      for (uint32_t round = 0; round < kRounds; ++round) {
        BatchMaker batch(kDim);
        batch.insert(name(round), place);
        if (round > 0) batch.remove(name(round - 1));
        const auto written = client.write(batch);
        ASSERT_TRUE(written) << written.error().message;
        for (int i = 0; i < 3; ++i) {
          ASSERT_EQ(client.query(place, 1), std::vector<std::string>{name(round)});
        }
      }
      client.close();
    });
  }
  for (std::thread& thread : threads) thread.join();
  Client client(folder_, 1 << 20);
  std::vector<float> place(kDim, 0);
  place[0] = 100;
  for (int i = 0; i < 3; ++i) (void)client.query(place, 1);
  const auto stats = client.read(words({3}));
  ASSERT_TRUE(stats);
  const auto cache = msgpack::Value(*stats).find("cache");
  EXPECT_EQ(cache->find("hits")->number(), 2);
  EXPECT_EQ(cache->find("misses")->number(), 1);
  client.close();
}

TEST_F(Concurrency, ClosingWhileAGraphIsBuiltLosesNothing) {
  size_t written = 0;
  for (uint32_t round = 0; round < 4; ++round) {
    Client client(folder_);
    std::mt19937 random(round);
    BatchMaker batch(kDim);
    for (uint32_t i = 0; i < 1200; ++i) {
      batch.insert(std::to_string(round) + "-" + std::to_string(i), random_vector(random, kDim));
    }
    ASSERT_TRUE(client.write(batch));
    written += 1200;
    client.close();
  }
  Client client(folder_);
  EXPECT_EQ(client.list().size(), written);
  client.close();
}

TEST_F(Concurrency, AfterCloseEveryCallIsRefused) {
  Client client(folder_);
  client.close();
  EXPECT_EQ(client.read(words({3})).error().code, Code::kClosed);
  EXPECT_EQ(client.write(BatchMaker(kDim)).error().code, Code::kClosed);
}

#ifdef __linux__
ptrdiff_t count_threads() {
  const std::filesystem::directory_iterator threads("/proc/self/task");
  return std::distance(begin(threads), end(threads));
}

TEST_F(Concurrency, NoThreadIsLeftOfADroppedSession) {
  std::thread([] {}).join();  // with the first one a sanitizer begins one of its own
  const ptrdiff_t before = count_threads();
  Answer<std::shared_ptr<AsyncSession>> opened;
  msgpack::Writer options;
  options.map(0);
  AsyncSession::open(folder_, options.take(), opened.completion());
  std::shared_ptr<AsyncSession> session = *opened.get();
  Answer<Buffer> answer;
  session->read(words({3}), [done = answer.completion()](Expected<Buffer> result) {
    done(std::move(result));
    // What follows an answer on its thread may be late.
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  });
  ASSERT_TRUE(answer.get());
  session.reset();
  shutdown_threads();
  // The system may list a thread for a moment after it was joined.
  for (int i = 0; i < 100 && count_threads() > before; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(count_threads(), before);
}
#endif

}  // namespace
}  // namespace quiver::engine
