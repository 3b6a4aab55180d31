#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "base/task.h"

namespace baton {
namespace {

Result<int> Half(int n) {
  if (n % 2) return Fail(Code::kInvalidRequest, "odd", "odd_number", "n");
  return n / 2;
}
Result<int> Quarter(int n) {
  TRY(const int half, Half(n));
  return Half(half);
}
Status Check(int n) {
  TRY_VOID(n < 0 ? Status(Fail(Code::kTooLarge, "negative")) : Status());
  return {};
}
Task<Result<int>> QuarterLater(int n) {
  CO_TRY(const int half, Half(n));
  CO_TRY(const int quarter, Half(half));
  co_return quarter;
}
Task<void> Store(Task<Result<int>> task, Result<int>* to) {
  *to = co_await task;
}

TEST(Result, HoldsAValueOrAnError) {
  EXPECT_EQ(*Half(4), 2);
  const auto bad = Half(3);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::kInvalidRequest);
  EXPECT_EQ(bad.error().Name(), "odd_number");
  EXPECT_EQ(bad.error().param, "n");
}

TEST(Result, TryGivesTheValueOrLeavesWithTheError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).error().message, "odd");
  EXPECT_TRUE(Check(1));
  EXPECT_EQ(Check(-1).error().code, Code::kTooLarge);
}

TEST(Result, TryWorksInCoroutines) {
  Result<int> got = 0;
  Spawn(Store(QuarterLater(8), &got));
  EXPECT_EQ(*got, 2);
  Spawn(Store(QuarterLater(2), &got));
  EXPECT_FALSE(got);
}

TEST(Result, MovesOutWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> r = std::make_unique<int>(5);
  const std::unique_ptr<int> p = std::move(r).value();
  EXPECT_EQ(*p, 5);
}

TEST(Result, AnErrorWithoutReasonIsNamedAfterItsCode) {
  EXPECT_EQ(Fail(Code::kOverBudget, "x").Name(), "over_budget");
}

TEST(Code, EveryCodeHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int c = 0; c <= static_cast<int>(Code::kInternal); ++c) names.insert(CodeName(static_cast<Code>(c)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Code::kInternal) + 1);
}

}  // namespace
}  // namespace baton
