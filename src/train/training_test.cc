// The whole training in small: a tiny random model, exact workers, every phase.
#include "train/training.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "arena/arena_fixture.h"
#include "lm/engine_test_util.h"
#include "lm/tiny_model.h"
#include "train/lessons.h"

namespace baton::train {
namespace {

using lm::ModelPath;  // NEED_MODEL names it

constexpr const char* kSmol = "smollm2-135m-instruct";

class TrainingTest : public arena::ArenaTest {
 public:
  void SetUp() override {
    NEED_MODEL(kSmol);
    base_ = testing::TempDir() + "/training-tiny.gguf";
    lm::TinyModel tiny;
    tiny.tokenizer = lm::ModelPath(kSmol);
    ASSERT_TRUE(lm::WriteTinyModel(tiny, base_));
    auto memo = arena::Memo::Open({});
    ASSERT_TRUE(memo);
    memo_ = std::move(*memo);
    StageOptions stage;
    stage.workers = {"calculator", "sql", "search"};
    stage.added = {};
    stage.price_lists = 2;
    auto made = Stage::Create(loop_, *memo_, stage);
    ASSERT_TRUE(made) << made.error().message;
    stage_ = std::move(*made);
    arena::GenerateOptions make;
    make.count = 21;
    problems_ = *arena::Generate(make, stage_->train_world());
    Lessons lessons;
    LessonOptions some;
    some.count = 10;
    Do(KeepLessons(MakeLessons(stage_.get(), &problems_, some), &lessons));
    lessons_ = std::move(lessons.list);
    ASSERT_FALSE(lessons_.empty());
  }

  TrainingOptions Options(const std::string& name) const {
    TrainingOptions o;
    o.folder = testing::TempDir() + "/training-" + name;
    o.warm_start = {6, 1e-2, 1};
    o.grpo = {3, 1e-3, 1};
    o.recursion = {2, 1e-3, 1};
    o.batch = 2;
    o.questions = 2;
    o.rollouts = 3;
    o.updates = 2;
    o.most_tokens = 12;
    o.checkpoint_every = 2;
    o.settings = "test";
    return o;
  }
  Result<Trained> Train(TrainingOptions o, double norm = 1) {
    Result<Trained> out = Error{};
    LearnerOptions learner;
    learner.base = base_;
    learner.rank = 2;
    learner.most_norm = norm;
    auto mine = Learner::Create(learner);
    auto sampler = lm::TokenSampler::Load({.path = base_, .threads = 1, .sequences = 6, .context = 1024});
    if (!mine || !sampler) return mine ? sampler.error() : mine.error();
    TrainingParts parts{stage_.get(), mine->get(), sampler->get(), &problems_, &lessons_};
    Do(Keep(RunTraining(parts, std::move(o)), &out));
    return out;
  }
  static Task<void> Keep(Task<Result<Trained>> task, Result<Trained>* out) {
    *out = co_await std::move(task);
  }
  static Task<void> KeepLessons(Task<Lessons> task, Lessons* out) { *out = co_await std::move(task); }

  std::string base_;
  std::unique_ptr<arena::Memo> memo_;
  std::unique_ptr<Stage> stage_;
  std::vector<arena::Problem> problems_;
  std::vector<Lesson> lessons_;
};

TEST_F(TrainingTest, StoppedAndResumedTheCurveIsTheSame) {
  std::filesystem::remove_all(Options("whole").folder);
  std::filesystem::remove_all(Options("parts").folder);
  const auto whole = Train(Options("whole"));
  ASSERT_TRUE(whole) << whole.error().message;
  ASSERT_EQ(whole->curve.size(), 11U);
  EXPECT_LT(whole->curve[5].loss, whole->curve[0].loss);
  EXPECT_TRUE(std::filesystem::exists(whole->warm_start));
  // Killed twice: in the warm start and by reward. What ran since the last checkpoint is run again.
  for (const std::size_t until : {std::size_t{3}, std::size_t{5}, std::size_t{99}}) {
    TrainingOptions o = Options("parts");
    o.resume = true;
    std::size_t rows = 0;
    o.on_row = [&rows](const CurveRow&) { ++rows; };
    o.stop = [&rows, until] { return rows >= until; };
    const auto part = Train(std::move(o));
    ASSERT_TRUE(part) << part.error().message;
    EXPECT_EQ(part->finished, until == 99);
    if (!part->finished) continue;
    ASSERT_EQ(part->curve.size(), whole->curve.size());
    for (std::size_t i = 0; i < whole->curve.size(); ++i) EXPECT_TRUE(part->curve[i] == whole->curve[i]) << i;
  }
}

TEST_F(TrainingTest, ACheckpointOfAnotherRunOrCutShortIsRefused) {
  TrainingOptions o = Options("refused");
  o.grpo.steps = o.recursion.steps = 0;
  ASSERT_TRUE(Train(o));
  o.resume = true;
  o.settings = "another";
  const auto other = Train(o);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().reason, "other_checkpoint");
  std::filesystem::resize_file(o.folder + "/checkpoint", 1000);
  const auto cut = Train(o);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().reason, "bad_checkpoint");
}

TEST_F(TrainingTest, LogProbabilitiesOfTheGeneratorAreTheTrainersOwn) {
  TrainingOptions o = Options("gap");
  o.warm_start.steps = 2;
  o.recursion.steps = 0;
  const auto trained = Train(std::move(o));
  ASSERT_TRUE(trained) << trained.error().message;
  for (const auto& row : trained->curve) {
    if (row.phase != "grpo") continue;
    EXPECT_LT(row.gap_mean, 0.05);
    EXPECT_LT(row.divergence, 0.01);
  }
}

TEST_F(TrainingTest, AFolderThatCannotBeWrittenEndsItAndSaysSo) {
  TrainingOptions o = Options("nowhere");
  o.folder = "/proc/nowhere";
  const auto trained = Train(std::move(o));
  ASSERT_FALSE(trained);
  EXPECT_EQ(trained.error().reason, "cannot_write");
}

}  // namespace
}  // namespace baton::train
