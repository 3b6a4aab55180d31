// The warm start's material: questions with plans that were run and found right.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "train/drafts.h"

namespace baton::train {

struct Lesson {
  Item item;
  std::optional<std::string> shown;  // a second look: the answer that stands
  std::string plan;                  // the three lists that are right here
  std::string idea;                  // the draft's name; "keep" for three empty lists
};

struct LessonOptions {
  int count = 1000;
  std::uint64_t seed = 1;
  double usd_per_right = 0.001;  // in the choice among right plans
  double second_looks = 0.15;    // share of lessons
};

// Runs every draft of every problem once, with the whole team, then draws `count` times a problem, a team and
// prices and takes the best plan that this team can carry out and that was right for the problem: cheapest,
// ideas that are right for most problems of a form before those that are right by luck. Problems that nobody
// in the team solved are passed over.
struct Lessons {
  std::vector<Lesson> list;
  std::int64_t played = 0, passed_over = 0;
};
Task<Lessons> MakeLessons(Stage* stage, const std::vector<arena::Problem>* problems, LessonOptions options);

}  // namespace baton::train
