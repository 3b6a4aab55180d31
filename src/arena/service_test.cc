#include "arena/service.h"

#include <nlohmann/json.hpp>
#include <set>

#include "arena/arena_fixture.h"

namespace baton::arena {
namespace {

using nlohmann::json;

class ServiceTest : public ArenaTest {
 public:
  Service& Open(ServiceOptions o = {}) {
    Make();
    service_ = std::make_unique<Service>(*environment_, o);
    return *service_;
  }
  json Reset(const std::string& body) {
    auto r = service_->Reset(body);
    return r ? json::parse(*r) : json{{"failed", r.error().Name()}};
  }
  json Score(const json& body) { return Get(service_->Score(body.dump())); }
  json Batch(const json& body) { return Get(service_->Batch(body.dump())); }
  static json Plan(int model, const std::string& id) {
    return {{"id", id},
            {"completion", "I think.\nmodel_id = [" + std::to_string(model) +
                               "]\nsubtasks = [\"Solve it\"]\naccess_list = [[]]"}};
  }

 private:
  json Get(Task<Result<std::string>> task) {
    Result<std::string> out = Error{};
    Do(Keep(std::move(task), &out));
    return out ? json::parse(*out) : json{{"failed", out.error().Name()}};
  }
  static Task<void> Keep(Task<Result<std::string>> task, Result<std::string>* out) {
    *out = co_await std::move(task);
  }
  std::unique_ptr<Service> service_;
};

TEST_F(ServiceTest, ResetSaysWhatAPlannerReadsAndScoreRunsWhatItWrites) {
  Open();
  const json reset = Reset(R"({"split":"train","seed":4,"index":3})");
  EXPECT_NE(reset["prompt"].get<std::string>().find("Model 1:"), std::string::npos);
  EXPECT_NE(reset["prompt"].get<std::string>().find(reset["question"].get<std::string>()), std::string::npos);
  EXPECT_EQ(reset["workers"].size(), 2U);
  EXPECT_EQ(Reset(R"({"split":"train","seed":4,"index":3})"), reset);
  script_ = [](auto&, auto&) { return std::string("certainly not"); };
  const json wrong = Score(Plan(0, reset["id"]));
  EXPECT_EQ(wrong["reward"], 0.5);
  EXPECT_EQ(wrong["parsed"], true);
  EXPECT_EQ(wrong["calls"], 1);
  GenerateOptions o;
  o.seed = 4;
  const Problem p = *GenerateOne(o, 3, MakeWorld("train", 1));
  script_ = [&](auto&, auto&) { return p.reference; };
  EXPECT_EQ(Score(Plan(1, reset["id"]))["reward"], 1.0);
}

TEST_F(ServiceTest, WhatIsNoPlanEarnsNothingAndCallsNobody) {
  Open();
  const std::string id = Reset(R"({"index":0})")["id"];
  for (const char* text : {"", "model_id = [0]", "model_id = [7]\nsubtasks = [\"a\"]\naccess_list = [[]]",
                           "model_id = []\nsubtasks = []\naccess_list = []",
                           "model_id = [0,0,0,0,0,0]\nsubtasks = "
                           "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"]\naccess_list = [[],[],[],[],[],[]]",
                           "model_id = [0]\nsubtasks = [\"a\"]\naccess_list = [[3]]"}) {
    const json r = Score({{"id", id}, {"completion", text}});
    EXPECT_EQ(r["reward"], 0) << text;
    EXPECT_EQ(r["parsed"], false) << text;
    EXPECT_NE(r["error"], "") << text;
  }
  const json r = Score({{"id", id}, {"completion", std::string(100'000, '[')}});
  EXPECT_EQ(r["error"], "too_long");
  EXPECT_EQ(asked_, 0);
}

TEST_F(ServiceTest, DollarsCountWhereTheyAreToCount) {
  ServiceOptions o;
  o.usd_per_right = 0.01;
  Open(o);
  script_ = [](auto&, auto&) { return std::string("no"); };
  const std::string id = Reset(R"({"index":0})")["id"];
  const double cheap = Score(Plan(0, id))["reward"], dear = Score(Plan(1, id))["reward"];
  EXPECT_LT(dear, cheap);
  EXPECT_NEAR(cheap, 0.5 - 30e-6 / 0.01, 1e-9);
}

TEST_F(ServiceTest, BatchesKeepOrderAndBadItemsCostOnlyThemselves) {
  Open();
  script_ = [](const std::string& w, auto&) { return w; };
  const std::string id = Reset(R"({"index":0})")["id"];
  const json r = Batch({{"items", {Plan(1, id), {{"id", 3}}, Plan(0, id)}}});
  ASSERT_EQ(r["results"].size(), 3U);
  EXPECT_EQ(r["results"][0]["answer"], "dear");
  EXPECT_EQ(r["results"][1]["reward"], 0);
  EXPECT_EQ(r["results"][2]["answer"], "cheap");
}

TEST_F(ServiceTest, BadRequestsAreNamedAndLimitsHold) {
  ServiceOptions o;
  o.max_batch = 2;
  o.max_waiting = 1;
  Open(o);
  for (const char* body :
       {"", "[]", R"({"index":"x"})", R"({"split":"dev"})", R"({"families":["riddles"]})",
        R"({"families":7})", R"({"k":9})", R"({"easiest":3,"hardest":1})", R"({"index":-1})"}) {
    EXPECT_TRUE(Reset(body).contains("failed")) << body;
  }
  EXPECT_EQ(Score(json::object())["failed"], "bad_request");
  EXPECT_EQ(Score({{"id", "nonsense"}, {"completion", "x"}})["reward"], 0);
  EXPECT_EQ(Score({{"id", std::string(1000, ':')}, {"completion", "x"}})["reward"], 0);
  const std::string id = Reset(R"({"index":0})")["id"];
  EXPECT_EQ(Batch({{"items", {Plan(0, id), Plan(0, id), Plan(0, id)}}})["failed"], "batch_too_large");
  EXPECT_EQ(Batch({{"items", {Plan(0, id), Plan(0, id)}}})["failed"], "env_busy");
  EXPECT_EQ(Batch({{"items", 3}})["failed"], "bad_request");
}

TEST_F(ServiceTest, ATeamOfKIsTheSameForTheSameProblem) {
  Open();
  const json a = Reset(R"({"index":5,"k":1})"), b = Reset(R"({"index":5,"k":1})");
  EXPECT_EQ(a["workers"].size(), 1U);
  EXPECT_EQ(a, b);
  std::set<std::string> seen;
  for (int i = 0; i < 20; ++i)
    seen.insert(Reset("{\"k\":1,\"index\":" + std::to_string(i) + "}")["workers"][0]);
  EXPECT_EQ(seen.size(), 2U);
}

}  // namespace
}  // namespace baton::arena
