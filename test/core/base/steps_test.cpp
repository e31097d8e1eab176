#include "base/steps.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace quiver {
namespace {

TEST(Steps, AreDoneInTheirOrderAndTheirNumber) {
  std::string done;
  Steps steps;
  steps.add([&]() -> Expected<void> {
    done += 'a';
    return {};
  });
  steps.add_until_done([&done, times = 0]() mutable -> Expected<bool> {
    done += 'b';
    return ++times == 3;
  });
  steps.add_each(5, 2, [&](uint32_t i) -> Expected<void> {
    done += std::to_string(i);
    return {};
  });
  const std::vector<std::string> after{"a", "ab", "abb", "abbb", "abbb01", "abbb0123", "abbb01234"};
  for (const std::string& expected : after) {
    const auto last = steps.step();
    ASSERT_TRUE(last);
    EXPECT_EQ(done, expected);
    EXPECT_EQ(*last, expected == after.back());
  }
  EXPECT_TRUE(*steps.step());
  EXPECT_EQ(done, after.back());
}

TEST(Steps, OfNothingAreDone) {
  Steps steps;
  EXPECT_TRUE(*steps.step());
  steps.add_each(0, 10, [](uint32_t) -> Expected<void> {
    ADD_FAILURE();
    return {};
  });
  EXPECT_TRUE(*steps.step());
}

TEST(Steps, AreAddedByOthers) {
  std::string done;
  Steps steps;
  steps.add([&]() -> Expected<void> {
    done += 'a';
    for (int i = 0; i < 100; ++i) {
      steps.add([&]() -> Expected<void> {
        done += 'c';
        return {};
      });
    }
    return {};
  });
  steps.add([&]() -> Expected<void> {
    done += 'b';
    return {};
  });
  EXPECT_TRUE(do_all_steps(steps));
  EXPECT_EQ(done, "ab" + std::string(100, 'c'));
}

TEST(Steps, EndWithAnError) {
  int seen = 0;
  Steps steps;
  steps.add_each(10, 4, [&](uint32_t i) -> Expected<void> {
    ++seen;
    if (i == 5) return Error{Code::kIoError, "the sixth"};
    return {};
  });
  const auto done = do_all_steps(steps);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "the sixth");
  EXPECT_EQ(seen, 6);
}

}  // namespace
}  // namespace quiver
