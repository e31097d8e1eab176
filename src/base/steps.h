#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <utility>

#include "base/expected.h"

namespace quiver {

/// Work that is done in short steps, for hosts without threads. What is added is done in that
/// order; a step may add more, which comes last.
class Steps {
 public:
  /// Does a part of something; whether that was the last.
  using Step = std::function<Expected<bool>()>;

  void add_until_done(Step step) { steps_.push_back(std::move(step)); }

  /// Done at once.
  void add(std::function<Expected<void>()> whole) {
    add_until_done([whole = std::move(whole)]() -> Expected<bool> {
      if (auto done = whole(); !done) return done.error();
      return true;
    });
  }

  /// `each(i)` for i from 0 to below `count`, `at_once` of them a step.
  void add_each(uint32_t count, uint32_t at_once, std::function<Expected<void>(uint32_t)> each) {
    add_until_done([count, at_once, next = 0U, each = std::move(each)]() mutable -> Expected<bool> {
      const uint32_t end = next + std::min(at_once, count - next);
      for (; next < end; ++next) {
        if (auto done = each(next); !done) return done.error();
      }
      return next == count;
    });
  }

  /// The next step; whether that was the last. After an error of no use any more.
  Expected<bool> step() {
    if (steps_.empty()) return true;
    auto done = steps_.front()();
    if (!done) return done;
    if (*done) steps_.pop_front();
    return steps_.empty();
  }

 private:
  std::deque<Step> steps_;  // a step that adds one stays where it is
};

/// All steps of something that has them.
template <typename Work>
Expected<void> do_all_steps(Work& work) {
  while (true) {
    const auto done = work.step();
    if (!done) return done.error();
    if (*done) return {};
  }
}

}  // namespace quiver
