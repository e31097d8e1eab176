#include "store/file_names.h"

#include <gtest/gtest.h>

namespace quiver::store {
namespace {

TEST(FileNames, ComeBack) {
  for (const uint64_t number :
       {uint64_t{1}, uint64_t{42}, uint64_t{999'999}, uint64_t{1'000'000}, kMaxFileNumber}) {
    EXPECT_EQ(log_file_number(log_file_name(number)), number);
    EXPECT_EQ(segment_file_number(segment_file_name(number)), number);
    EXPECT_EQ(lock_file_number(lock_file_name(number)), number);
  }
  EXPECT_EQ(log_file_name(42), "log-000042.qlog");
  EXPECT_EQ(segment_file_name(1'000'000), "seg-1000000.qseg");
  EXPECT_EQ(lock_file_name(42), "lock-000042");
}

TEST(FileNames, OfOtherKindsHaveNoNumber) {
  for (const char* name :
       {"", "log-", "log-.qlog", "log-000042", "log-00004x.qlog", "log--00042.qlog",
        "seg-000042.qlog", "copy of log-000042.qlog", "log-000042.qlog.tmp",
        // Two names of one number would be two files of one number.
        "log-42.qlog", "log-0000042.qlog", "log-01000000.qlog",
        // Numbers count from 1.
        "log-000000.qlog",
        // Another could not follow.
        "log-9223372036854775808.qlog", "log-18446744073709551615.qlog",
        "log-99999999999999999999.qlog"}) {
    EXPECT_EQ(log_file_number(name), std::nullopt) << name;
  }
  EXPECT_EQ(segment_file_number("seg-42.qseg"), std::nullopt);
  EXPECT_EQ(lock_file_number("lock-9223372036854775808"), std::nullopt);
}

}  // namespace
}  // namespace quiver::store
