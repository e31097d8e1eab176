#include "kernel/dispatch.h"

#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <cstdlib>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "kernel/isa/tables.h"

namespace quiver::kernel {
namespace {

/// Puts back the table that was in use.
class Dispatch : public ::testing::Test {
 protected:
  ~Dispatch() override { EXPECT_TRUE(select(before_)); }

 private:
  std::string before_ = active().name;
};

TEST_F(Dispatch, ScalarIsAlwaysThereAndLast) {
  ASSERT_FALSE(available().empty());
  EXPECT_EQ(available().back(), &kScalarTable);
  std::set<std::string> names;
  for (const KernelTable* table : available()) {
    EXPECT_TRUE(names.insert(table->name).second) << table->name;
    EXPECT_NE(table->l2, nullptr);
    EXPECT_NE(table->inner_product, nullptr);
    EXPECT_NE(table->cosine, nullptr);
    EXPECT_NE(table->l2_batch, nullptr);
    EXPECT_NE(table->inner_product_batch, nullptr);
    for (const CodeKernel& kernel : {table->l2_u8, table->l2_u7, table->l2_u4}) {
      EXPECT_NE(kernel.pair, nullptr);
      EXPECT_NE(kernel.batch, nullptr);
    }
  }
}

TEST_F(Dispatch, SelectsByName) {
  for (const KernelTable* table : available()) {
    ASSERT_TRUE(select(table->name));
    EXPECT_EQ(&active(), table);
  }
}

TEST_F(Dispatch, ReportsANameThatIsNotThere) {
  const KernelTable* before = &active();
  for (const char* name : {"", "AVX2", "avx1024"}) {
    const Expected<void> result = select(name);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::kInvalidArgument);
    EXPECT_NE(result.error().message.find("scalar"), std::string::npos);
  }
  EXPECT_EQ(&active(), before);
}

TEST_F(Dispatch, AllThreadsSeeOneTable) {
  std::vector<const KernelTable*> seen(4);
  std::vector<std::thread> threads;
  threads.reserve(seen.size());
  for (auto& slot : seen) threads.emplace_back([&slot] { slot = &active(); });
  for (auto& thread : threads) thread.join();
  for (const KernelTable* table : seen) EXPECT_EQ(table, &active());
}

TEST_F(Dispatch, MapsEachMetricToItsKernel) {
  const KernelTable& table = active();
  EXPECT_EQ(pair_distance(table, Metric::kL2), table.l2);
  EXPECT_EQ(pair_distance(table, Metric::kInnerProduct), table.inner_product);
  EXPECT_EQ(pair_distance(table, Metric::kCosine), table.cosine);
  EXPECT_EQ(batch_distance(table, Metric::kL2), table.l2_batch);
  EXPECT_EQ(batch_distance(table, Metric::kInnerProduct), table.inner_product_batch);
  EXPECT_EQ(batch_distance(table, Metric::kCosine), table.inner_product_batch);
}

TEST_F(Dispatch, InverseNorm) {
  const float unit[] = {0.0F, 1.0F, 0.0F};
  const float five[] = {3.0F, 4.0F};
  const float zero[] = {0.0F, -0.0F};
  const float tiny[] = {1e-30F, 1e-30F};
  const float huge[] = {FLT_MAX, 1.0F};
  const float not_a_number[] = {NAN, 1.0F};
  for (const KernelTable* table : available()) {
    ASSERT_TRUE(select(table->name));
    EXPECT_EQ(inverse_norm(unit, 3), 1.0F);
    EXPECT_EQ(inverse_norm(five, 2), 0.2F);
    EXPECT_EQ(inverse_norm(zero, 2), 0.0F);
    EXPECT_EQ(inverse_norm(tiny, 2), 0.0F);
    EXPECT_EQ(inverse_norm(huge, 2), 0.0F);
    EXPECT_EQ(inverse_norm(not_a_number, 2), 0.0F);
    EXPECT_EQ(inverse_norm(zero, 0), 0.0F);
  }
}

/// Null takes QUIVER_SIMD away.
void set_environment(const char* value) {
#ifdef _WIN32
  _putenv_s("QUIVER_SIMD", value == nullptr ? "" : value);
#else
  if (value == nullptr) {
    unsetenv("QUIVER_SIMD");
  } else {
    setenv("QUIVER_SIMD", value, 1);
  }
#endif
}

#if GTEST_HAS_DEATH_TEST
/// The choice is made once in a process, so a fresh one (the "threadsafe" style starts the program
/// again) makes it under the given environment.
void expect_choice(const char* value, const KernelTable* want) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const char* before = std::getenv("QUIVER_SIMD");
  const std::string kept = before == nullptr ? "" : before;
  set_environment(value);
  EXPECT_EXIT(std::exit(&active() == want ? 0 : 1), ::testing::ExitedWithCode(0), "") << value;
  if (before == nullptr) {
    set_environment(nullptr);
  } else {
    set_environment(kept.c_str());
  }
}

TEST(DispatchDeathTest, TheEnvironmentNamesTheTable) {
  for (const KernelTable* table : available()) expect_choice(table->name, table);
}

TEST(DispatchDeathTest, AnUnknownNameInTheEnvironmentIsIgnored) {
  expect_choice("avx1024", available().front());
  expect_choice("", available().front());
}
#endif

}  // namespace
}  // namespace quiver::kernel
