#include "rails/redact.h"

#include <gtest/gtest.h>

#include "rails/classifier.h"

namespace baton::rails {
namespace {

std::shared_ptr<const Classifier> Default() {
  auto made = Classifier::Build({});
  EXPECT_TRUE(made);
  return *made;
}

TEST(Redact, HidesWhatWasFoundAndPutsItBack) {
  const auto classifier = Default();
  const std::string text =
      "Write to ana.silva@example.org or bob@example.com, then ana.silva@example.org again.";
  Marks marks;
  const std::string hidden = marks.Hide(text, classifier->ClassifyText(text));
  EXPECT_EQ(hidden, "Write to [EMAIL_1] or [EMAIL_2], then [EMAIL_1] again.");
  EXPECT_EQ(marks.Restore("Dear [EMAIL_2], see [EMAIL_1] [EMAIL_9] [x"),
            "Dear bob@example.com, see ana.silva@example.org [EMAIL_9] [x");
  EXPECT_EQ(marks.Restore(hidden), text);
}

TEST(Redact, LeavesHarmlessTextAlone) {
  const auto classifier = Default();
  Marks marks;
  EXPECT_EQ(marks.Hide("2 + 2 = [4]", classifier->ClassifyText("2 + 2 = [4]")), "2 + 2 = [4]");
  EXPECT_EQ(marks.size(), 0U);
}

TEST(Redact, OverlappingFindingsBecomeOneMarkAndATruncatedScanHidesTheRest) {
  Classification found;
  found.spans = {{"phone", "personal", 0, 0, 2, 8}, {"card", "personal", 0, 0, 5, 11}};
  Marks marks;
  EXPECT_EQ(marks.Hide("a 123456789 b c", found), "a [PHONE_1] b c");
  found.truncated = true;
  EXPECT_EQ(marks.Hide("a 123456789 b c", found), "a [PHONE_1] [REST WITHHELD]");
}

}  // namespace
}  // namespace baton::rails
