// What the desk's tests share: a desk without a thread, on a simulated loop.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "base/sim_loop.h"
#include "human/desk.h"

namespace baton::human {

inline Case SampleCase() {
  Case c;
  c.exchange = 7;
  c.tenant = "local";
  c.model = "baton";
  c.reason = "data of class secret, which no worker may see";
  c.route = "sensitive";
  c.data_classes = {"personal", "secret"};
  c.transcript = R"([{"role":"user","content":"hello"}])";
  c.draft = "a draft";
  return c;
}

class DeskFixture : public ::testing::Test {
 protected:
  using Asked = std::optional<Result<Resolution>>;

  DeskFixture() {
    options_.path = ":memory:";
    options_.own_thread = false;
    options_.entropy = [this] { return ++entropy_ * 0x9e3779b97f4a7c15ull; };
  }
  ~DeskFixture() override { Close(); }
  // Whoever still waits is let go first.
  void Close() {
    if (desk_) desk_->Stop();
    loop_.RunReady();
    desk_.reset();
  }
  void Open() {
    Close();
    auto desk = Desk::Open(options_, loop_.clock(), &metrics_, Log::Null());
    ASSERT_TRUE(desk) << desk.error().message;
    desk_ = std::move(*desk);
  }

  // Starts an Ask; what it ends with appears in the result once the loop has run.
  static Task<void> AskInto(Desk* desk, Loop* loop, Case work, Deadline wait, Cancel* cancel,
                            std::shared_ptr<Asked> out) {
    auto end = co_await desk->Ask(*loop, std::move(work), wait, cancel);
    *out = std::move(end);
  }
  std::shared_ptr<Asked> Ask(Duration wait, Cancel* cancel = nullptr, Case work = SampleCase()) {
    auto out = std::make_shared<Asked>();
    Spawn(AskInto(desk_.get(), &loop_, std::move(work), Deadline(loop_.Now() + wait), cancel, out));
    loop_.RunReady();
    return out;
  }
  // A call to its end.
  template <class T>
  static Task<void> Keep(Task<Result<T>> task, std::optional<Result<T>>* out) {
    auto result = co_await task;
    *out = std::move(result);
  }
  template <class T>
  Result<T> Run(Task<Result<T>> task) {
    std::optional<Result<T>> out;
    Spawn(Keep<T>(std::move(task), &out));
    loop_.RunReady();
    return std::move(*out);
  }
  std::vector<Case> Listed(Filter filter = {}) {
    auto all = Run(desk_->List(loop_, filter));
    EXPECT_TRUE(all);
    return all ? *all : std::vector<Case>();
  }
  std::string OnlyId() {
    const auto all = Listed();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? "" : all[0].id;
  }
  double Metric(const std::string& name) const {
    const std::string text = "\n" + metrics_.Text();
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
  }

  SimLoop loop_;
  Metrics metrics_;
  DeskOptions options_;
  std::uint64_t entropy_ = 0;
  std::unique_ptr<Desk> desk_;
};

}  // namespace baton::human
