// A scripted pool of two workers, and a reader whose states say what kind of problem it is.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "arena/arena_fixture.h"
#include "conduct/optimise.h"

namespace baton::conduct {

// Four numbers: the kind of problem, whether somebody has answered, and whether it is of a mixed family.
class FakeReader : public StateReader {
 public:
  Task<Result<ReadState>> Read(std::string t) override {
    if (broken) co_return Fail(Code::kInternal, "no state", "decode");
    const bool answered = t.find("worker (") != std::string::npos;
    std::vector<float> s = {t.find("sum") != std::string::npos ? 1.0f : 0.0f,
                            t.find("word") != std::string::npos ? 1.0f : 0.0f, answered ? 1.0f : 0.0f,
                            t.find("mixed") != std::string::npos ? -0.5f : 0.5f};
    float norm = 0;
    for (const float v : s) norm += v * v;
    for (float& v : s) v /= std::sqrt(norm);
    co_return ReadState{s, 10};
  }
  const BaseModel& base() const override { return base_; }
  bool broken = false;

 private:
  BaseModel base_{"fake", "", 4, 1, 1};
};

class TrainTest : public arena::ArenaTest {
 public:
  // "cheap" knows sums, "dear" knows words; as verifiers both accept.
  void SetUp() override {
    script_ = [](const std::string& worker, const std::string& text) -> Result<std::string> {
      if (text.find("ACCEPT") != std::string::npos) return std::string("ACCEPT");
      const bool sum = text.find("sum") != std::string::npos;
      return std::string(sum == (worker == "cheap") ? "42" : "7");
    };
    Make();
    for (int i = 0; i < 16; ++i) {
      arena::Problem p = Six();
      p.id = "p" + std::to_string(i);
      p.family = i % 2 == 0 ? "sums" : "words";
      p.prompt = (i % 2 == 0 ? "a sum, number " : "a word, number ") + std::to_string(i);
      problems_.push_back(p);
    }
    RolloutOptions o;
    o.usd_per_right = 0.01;
    rollouts_ =
        std::make_unique<Rollouts>(*environment_, reader_, std::vector<std::string>{"cheap", "dear"}, o);
  }
  static Task<void> Keep(Task<Result<Optimised>> task, Result<Optimised>* out) {
    *out = co_await std::move(task);
  }
  static Task<void> Keep(Task<Optimised> task, Result<Optimised>* out) { *out = co_await std::move(task); }
  static Task<void> KeepRuns(Task<std::vector<conduct::Run>> task, std::vector<conduct::Run>* out) {
    *out = co_await std::move(task);
  }
  static Task<void> KeepTurns(Task<SingleTurns> task, SingleTurns* out) { *out = co_await std::move(task); }

  Result<Optimised> RunEvolve(OptimiseOptions o) {
    Result<Optimised> out = Error{};
    Do(Keep(Evolve(*rollouts_, problems_, rollouts_->Blank(kTurns, true), std::move(o)), &out));
    return out;
  }
  static OptimiseOptions Options() {
    OptimiseOptions o;
    o.generations = 12;
    o.replications = 8;
    o.population = 10;
    o.sigma = 0.5;
    o.seed = 3;
    return o;
  }
  double Accuracy(const Coordinator& c) {
    std::vector<Trial> trials;
    for (const auto& p : problems_) trials.push_back({&c, &p, 0});
    std::vector<conduct::Run> runs;
    Do(KeepRuns(rollouts_->Play(std::move(trials)), &runs));
    double sum = 0;
    for (const auto& r : runs) sum += r.rollout.score;
    return sum / static_cast<double>(runs.size());
  }
  SingleTurns Turns() {
    SingleTurns out;
    Do(KeepTurns(rollouts_->PlaySingleTurns(problems_), &out));
    return out;
  }

  FakeReader reader_;
  std::vector<arena::Problem> problems_;
  std::unique_ptr<Rollouts> rollouts_;
};

}  // namespace baton::conduct
