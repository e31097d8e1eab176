// A writer that another process took for dead: it must not destroy what that one writes.

#include <gtest/gtest.h>

#include "support/collection_fixture.h"

namespace quiver::engine {
namespace {

using test::BatchMaker;
using test::CollectionFixture;

TEST(LostLock, EndsTheWritingAndNothingElse) {
  CollectionFixture old_writer;
  ASSERT_TRUE(old_writer.commit(BatchMaker(2).insert("before", {1, 2})));
  // As taking over does.
  ASSERT_EQ(std::erase_if(old_writer.disk_->files,
                          [](const auto& file) { return file.first.starts_with("lock-"); }),
            1U);
  CollectionFixture new_writer(old_writer, {});
  ASSERT_TRUE(new_writer.commit(BatchMaker(2).insert("after", {3, 4})));

  const auto refused = old_writer.commit(BatchMaker(2).insert("lost", {5, 6}));
  ASSERT_EQ(refused.error().code, Code::kLocked);
  EXPECT_NE(refused.error().message.find("open the index again"), std::string::npos);
  EXPECT_EQ(old_writer->next_job(), nullptr);
  EXPECT_EQ(old_writer.nearest({1, 2}, 5), std::vector<std::string>{"before"}) << "still readable";
  EXPECT_TRUE(old_writer->close());

  ASSERT_TRUE(new_writer.commit(BatchMaker(2).insert("more", {7, 8})));
  new_writer.reopen();
  EXPECT_EQ(new_writer->view()->live(), 3U);
  EXPECT_TRUE(new_writer.verifies());
}

}  // namespace
}  // namespace quiver::engine
