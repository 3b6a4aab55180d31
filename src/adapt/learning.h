// The learned side of a running server: which policies there are, which of them decides, and what feedback
// taught them. What loops decide by lies in a route::LearnedShare, which is replaced as a whole.
//
// One thread of its own does what waits for the disk: it reads feedback as it comes, teaches, keeps what was
// learned, grants the day's dollars, looks at a canary after every lesson, and takes an operator's commands.
// All it knows survives a restart (learn/keep.h); what does not read back is refused, said, and left out.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/mutex.h"
#include "estimate/features.h"
#include "learn/command.h"
#include "learn/keep.h"
#include "learn/off_policy.h"
#include "learn/settings.h"
#include "learn/teacher.h"
#include "record/recorder.h"
#include "route/router.h"

namespace baton::adapt {

// What a configuration says, and what it brings.
struct Setup {
  learn::Settings settings;
  double value_usd = 0.01;  // of a right answer
  std::string configured;   // version of the configured model; empty: none
  // What makes features here; null: no static table, so no policy can be used.
  std::shared_ptr<const estimate::Featurizer> featurizer;
};

// What decides under these settings, with nothing learned and no candidate: for dry runs and replay, and what
// a server begins with.
learn::Regime RegimeOf(const learn::Settings& settings, double value_usd);

class Learning {
 public:
  struct Deps {
    store::OpenOptions store;  // that of the recorder
    const Clock* clock = nullptr;
    record::Recorder* recorder = nullptr;  // outlives this
    Metrics* metrics = nullptr;            // may be null
    Log log = Log::Null();
    // How often feedback is looked for. Zero: never by itself, only by Tick() (tests).
    Duration every = std::chrono::milliseconds(200);
  };
  // Creates or checks the tables; those of a newer Baton are refused ("store_newer"). Damaged state is
  // reported and counted, and the server starts without it.
  static Result<std::unique_ptr<Learning>> Open(Deps deps);
  ~Learning() { Stop(); }
  Learning(const Learning&) = delete;

  // For the routers of every configuration.
  const std::shared_ptr<route::LearnedShare>& share() const { return share_; }

  // Before the configuration serves; takes effect for all loops at once. Policies that do not fit the
  // featurizer are set aside. Waits for the thread. Any thread but the own one.
  void Configure(Setup setup);
  // `done` gets JSON for the operator, on the learning thread. kInvalidRequest of a file that is no policy or
  // does not fit; the names of learn/promotion.h; kUnsupported "no_static_table". Thread safe.
  void Run(learn::Command command, std::function<void(Result<std::string>)> done);
  // One look at feedback, purses and canary, now. Waits for it.
  void Tick();
  void Stop();

 private:
  using Job = std::function<void()>;
  explicit Learning(Deps deps);
  Status Load();
  void LoadPurses();
  void Loop();
  bool Post(Job job);  // false: it has stopped
  void Wait(Job job);

  // The rest on the learning thread.
  void Look();
  void Grant(std::string_view purse, learn::DailyCap& cap);
  bool ReadRatings();  // true: there may be more
  void JudgeCanary();
  void Publish();
  void ReadPolicies();
  std::shared_ptr<const estimate::RouterModel> ReadPolicy(const std::string& version);
  Status Keep(const learn::PromotionEvent& event);
  learn::Learned ToKeep() const;
  learn::GateOptions Gate() const;
  std::set<std::string> Used() const;
  void Refused(const std::string& what, const std::string& why);

  Result<std::string> Do(learn::Command& command);
  Result<std::string> Install(const learn::Command& command);
  Status Shadow(learn::Promotion& p, const learn::Command& command, learn::PromotionEvent& event);
  Status Promote(learn::Promotion& p, const learn::Command& command, learn::PromotionEvent& event);
  struct Estimated {
    Result<learn::OffPolicy> estimate = Error{};
    double own = 0;
    std::size_t rows = 0;
  };
  Estimated EstimateShadow();
  std::string Show();

  const Deps deps_;
  const std::shared_ptr<route::LearnedShare> share_;
  std::unique_ptr<store::Database> ratings_;  // the thread's, as all below
  std::unique_ptr<learn::Keep> keep_;
  learn::Promotion promotion_;
  std::unique_ptr<learn::Teacher> teacher_;
  std::int64_t feedback_seen_ = 0;
  Setup setup_;
  std::map<std::string, std::shared_ptr<const estimate::RouterModel>, std::less<>> models_;

  Mutex m_;
  CondVar wake_;
  std::deque<Job> jobs_ GUARDED_BY(m_);
  bool stop_ GUARDED_BY(m_) = false;
  std::thread thread_;  // last: starts when everything else is there
};

}  // namespace baton::adapt
