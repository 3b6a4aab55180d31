// What the recorder's tests share: a folder, quick options, a clock that moves when told to.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>

#include "record/sample.h"
#include "record/scratch_dir.h"

namespace baton::record {

class RecorderFixture : public ::testing::Test {
 public:
  static void FlushAndWait(Recorder& r) {
    std::promise<void> done;
    r.Flush([&] { done.set_value(); });
    done.get_future().wait();
  }

 protected:
  RecorderFixture() {
    options_.path = dir_.File("baton.db");
    options_.queue_bytes = 1 << 20;
    options_.group = std::chrono::milliseconds(1);
    options_.first_retry = std::chrono::milliseconds(1);
    options_.retention = Duration::zero();
  }

  std::unique_ptr<Recorder> Open() {
    auto r = Recorder::Open(options_, clock_, &metrics_, Log::Null());
    EXPECT_TRUE(r) << (r ? "" : r.error().message);
    return r ? std::move(*r) : nullptr;
  }
  Error OpenError() {
    auto r = Recorder::Open(options_, clock_, &metrics_, Log::Null());
    EXPECT_FALSE(r);
    return r ? Error{} : r.error();
  }
  // The value of a metric's line ("baton_record_rows_total", with labels as printed), 0 when there is none.
  double Metric(const std::string& name) const {
    const std::string text = "\n" + metrics_.Text();
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? 0 : std::stod(text.substr(at + name.size() + 2));
  }

  ScratchDir dir_;
  RecorderOptions options_;
  TestClock clock_;
  Metrics metrics_;
  Random random_{20261105};
};

}  // namespace baton::record
