// For tests of this folder: a team of scripted workers on a simulated clock.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/sim_loop.h"
#include "chat/assemble.h"
#include "pool/create.h"
#include "rails/classifier.h"
#include "rails/rails.h"
#include "route/features.h"
#include "route/rules.h"
#include "workflow/run.h"

namespace baton::workflow {

// What a worker says to one request.
struct Reply {
  std::string text = "hello";
  Duration after = std::chrono::milliseconds(10);  // until it begins
  Duration between{};                              // before each piece of a stream
  int pieces = 2;
  std::optional<Error> error;  // instead of an answer, or after `error_after` pieces
  int error_after = 0;
  std::vector<chat::ToolCall> calls;
  chat::Finish finish = chat::Finish::kStop;
  std::int64_t input = 10, output = 5;  // as it reports
  bool reports = true;
  double token_probability = -1;  // of every piece; negative: none are reported
};

// Everything a request's messages say, in one text.
inline std::string AllText(const chat::Request& r) {
  std::string out;
  for (const auto& m : r.messages) {
    for (const auto& p : m.parts) {
      if (const auto* t = std::get_if<chat::Text>(&p)) out += t->text + "\n";
      if (const auto* t = std::get_if<chat::ToolResult>(&p)) {
        for (const auto& c : t->content) {
          if (const auto* text = std::get_if<chat::Text>(&c)) out += "result:" + text->text + "\n";
        }
      }
    }
  }
  return out;
}

struct Asked {
  std::string worker;
  chat::Request request;
  TimePoint at{};
};

class TeamBackend : public pool::Backend {
 public:
  using Script = std::function<Reply(const std::string& worker, const chat::Request& request)>;
  TeamBackend(Loop& loop, std::string worker, Script* script, std::vector<Asked>* asked, int* running)
      : loop_(loop), worker_(std::move(worker)), script_(script), asked_(asked), running_(running) {}

  Task<pool::AttemptResult> Chat(const pool::Attempt& attempt) override {
    ++*running_;
    pool::AttemptResult out = co_await Play(attempt);
    --*running_;
    co_return out;
  }
  Task<EmbedResult> Embed(const chat::EmbedRequest& request, Deadline, Cancel*) override {
    EmbedResult out;
    out.response.vectors.assign(request.texts.size(), {1.0F, 0.0F});
    co_return out;
  }
  Result<std::vector<provider::Loss>> Explain(const chat::Request&) const override {
    return std::vector<provider::Loss>{};
  }

 private:
  // False: cancelled or out of time, and `out` says so.
  Task<bool> Wait(Duration d, const pool::Attempt& a, pool::AttemptResult* out) {
    const Duration left = a.deadline.Left(loop_.Now());
    const bool late = left < d;
    const bool slept = co_await loop_.Sleep(late ? left : d, a.cancel);
    if (slept && !late) co_return true;
    provider::Failure f;
    f.error =
        slept ? Fail(Code::kDeadline, "too slow", "deadline") : Fail(Code::kCancelled, "left", "client_gone");
    f.fault = slept ? provider::Fault::kTimeout : provider::Fault::kTransport;
    out->failure = std::move(f);
    co_return false;
  }

  static provider::Failure FailureOf(const Error& error) {
    provider::Failure f;
    f.error = error;
    f.fault = provider::Fault::kServer;
    return f;
  }

  Task<pool::AttemptResult> Play(const pool::Attempt& attempt) {
    asked_->push_back({worker_, *attempt.request, loop_.Now()});
    const Reply reply = (*script_)(worker_, *attempt.request);
    pool::AttemptResult out;
    out.sent = true;
    const TimePoint began = loop_.Now();
    if (attempt.watch) attempt.watch->OnEncoded({}, false, false);
    const bool began_well = co_await Wait(reply.after, attempt, &out);
    if (!began_well) co_return out;
    if (reply.error && reply.error_after == 0) {
      out.failure = FailureOf(*reply.error);
      co_return out;
    }
    out.first_byte_seen = true;
    out.to_first_byte = loop_.Now() - began;
    if (attempt.watch) attempt.watch->OnFirstByte();
    chat::Assembler whole;
    std::deque<chat::Event> events = Events(reply);
    int pieces = 0;
    for (auto& e : events) {
      if (e.kind == chat::Event::Kind::kText) {
        const bool went_on = co_await Wait(reply.between, attempt, &out);
        if (!went_on) break;
        if (reply.error && pieces++ == reply.error_after) {
          out.failure = FailureOf(*reply.error);
          break;
        }
      }
      whole.Add(e);
      if (attempt.sink) {
        attempt.sink->Put(e);
        const Status flushed = co_await attempt.sink->Flush();
        if (!flushed) {
          out.failure = FailureOf(flushed.error());
          out.failure->error.code = Code::kCancelled;
          break;
        }
      }
    }
    out.response = whole.Take();
    out.whole = loop_.Now() - began;
    co_return out;
  }

  std::deque<chat::Event> Events(const Reply& reply) const {
    std::deque<chat::Event> out;
    const auto add = [&](chat::Event::Kind kind) -> chat::Event& {
      out.emplace_back().kind = kind;
      return out.back();
    };
    chat::Event& start = add(chat::Event::Kind::kStart);
    start.id = "id-" + worker_;
    start.model = worker_;
    const std::size_t n = reply.text.empty() ? 0 : static_cast<std::size_t>(std::max(1, reply.pieces));
    for (std::size_t i = 0; i < n; ++i) {
      if (reply.token_probability >= 0)
        add(chat::Event::Kind::kLogprobs).json.text = "{\"content\":[{\"token\":\"x\",\"logprob\":" +
                                                      std::to_string(std::log(reply.token_probability)) +
                                                      ",\"top_logprobs\":[]}]}";
      const std::size_t from = reply.text.size() * i / n, to = reply.text.size() * (i + 1) / n;
      add(chat::Event::Kind::kText).text = reply.text.substr(from, to - from);
    }
    std::int64_t index = 0;
    for (const auto& call : reply.calls) {
      chat::Event& begin = add(chat::Event::Kind::kToolCall);
      begin.index = index;
      begin.tool = call;
      begin.tool.arguments.clear();
      chat::Event& rest = add(chat::Event::Kind::kToolArguments);
      rest.index = index++;
      rest.text = call.arguments;
    }
    add(chat::Event::Kind::kFinish).finish = reply.calls.empty() ? reply.finish : chat::Finish::kToolCalls;
    if (reply.reports) {
      chat::Usage& u = add(chat::Event::Kind::kUsage).usage;
      u.input = reply.input;
      u.output = reply.output;
      u.known = true;
    }
    return out;
  }

  Loop& loop_;
  std::string worker_;
  Script* script_;
  std::vector<Asked>* asked_;
  int* running_;
};

// A client that reads a stream.
class ReadingSink : public chat::Sink, public pool::CallObserver {
 public:
  explicit ReadingSink(Loop& loop) : loop_(loop) {}
  void Put(chat::Event e) override {
    EXPECT_TRUE(headed) << "an event before the heading";
    if (e.kind == chat::Event::Kind::kText) {
      if (text.empty()) first_text = loop_.Now();
      text += e.text;
    }
    starts += e.kind == chat::Event::Kind::kStart;
    finishes += e.kind == chat::Event::Kind::kFinish;
    if (e.kind == chat::Event::Kind::kFinish) {
      finish = e.finish;
      degraded = e.degraded;
    }
    usages += e.kind == chat::Event::Kind::kUsage;
    if (e.kind == chat::Event::Kind::kUsage) usage = e.usage;
    whole.Add(e);
    kinds.push_back(e.kind);
    if (after_event) after_event();
  }
  Task<Status> Flush() override {
    if (gone) co_return Fail(Code::kCancelled, "gone", "client_gone");
    co_return Status();
  }
  void OnAnswering(const pool::Worker& w, const std::vector<provider::Loss>&, bool, bool, Duration) override {
    EXPECT_FALSE(headed) << "two headings";
    headed = true;
    worker = w.name;
  }

  std::string text, worker, degraded;
  int starts = 0, finishes = 0, usages = 0;
  bool headed = false, gone = false;
  chat::Finish finish = chat::Finish::kNone;
  chat::Usage usage;
  TimePoint first_text{};
  std::vector<chat::Event::Kind> kinds;
  chat::Assembler whole;
  std::function<void()> after_event;

 private:
  Loop& loop_;
};

// Says what words mean: "secret" in a text makes it personal.
class WordClassifier : public rails::Classifier {
 public:
  rails::Classification Classify(const chat::Request& request) const override {
    return ClassifyText(AllText(request));
  }
  rails::Classification ClassifyText(std::string_view text) const override {
    rails::Classification c;
    c.classes = {text.find("SECRET") != std::string_view::npos ? "personal" : "internal"};
    return c;
  }
};

class Team : public ::testing::Test {
 public:
  // Cheap, middling and dear; `usd` per million tokens of input, four times that for output.
  void SetUp() override {
    AddWorker("cheap", 1);
    AddWorker("mid", 2);
    AddWorker("dear", 10);
    Build();
  }

  std::shared_ptr<pool::Worker> AddWorker(const std::string& name, double usd,
                                          std::set<std::string> classes = {"public", "internal"}) {
    auto w = std::make_shared<pool::Worker>();
    w->name = name;
    w->dialect = "openai";
    w->data.classes = std::move(classes);
    w->priced = true;
    budget::PriceRow row;
    row.input = budget::Nanos{static_cast<std::int64_t>(usd * 1e9)};
    row.output = budget::Nanos{static_cast<std::int64_t>(usd * 4e9)};
    w->prices = budget::PriceTable({row});
    w->target.max_output = 1000;
    catalogue_.workers.push_back(w);
    return w;
  }

  void Build() {
    pool::PoolDeps deps;
    deps.loop = &loop_;
    deps.seed = 7;
    deps.workers = catalogue_.workers;
    deps.backend = [this](std::shared_ptr<const pool::Worker> w) -> std::unique_ptr<pool::Backend> {
      return std::make_unique<TeamBackend>(loop_, w->name, &script_, &asked_, &running_);
    };
    pool_ = pool::CreatePool(std::move(deps));
    if (request_.messages.empty()) Question("What is 6 times 7?");
    request_.model = "baton";
  }

  void Question(std::string text) {
    request_.messages.clear();
    chat::Message m;
    m.parts.emplace_back(chat::Text{std::move(text), {}});
    request_.messages.push_back(std::move(m));
  }

  RunnerDeps Deps(std::vector<FlowSettings> flows = {}) {
    RunnerDeps deps;
    deps.retry = retry_;
    auto library = Library::Build(std::move(flows));
    EXPECT_TRUE(library) << (library ? "" : library.error().message);
    if (library) deps.library = *library;
    deps.classifier = std::make_shared<WordClassifier>();
    deps.held = held_;
    deps.choosers = choosers_;
    deps.gates = gates_;
    return deps;
  }

  struct Ran {
    std::unique_ptr<rails::Permit> permit;
    std::optional<Trace> trace;
    std::unique_ptr<ReadingSink> sink;
    Duration took{};
    std::string text() const {
      if (!trace || !trace->answer() || trace->answer()->choices.empty()) return {};
      return chat::TextOf(trace->answer()->choices[0].message);
    }
    const StepTrace& step(const std::string& name) const {
      for (const auto& s : trace->steps()) {
        if (s.name == name) return s;
      }
      ADD_FAILURE() << "no step " << name;
      static const StepTrace kNone;
      return kNone;
    }
    std::string steps() const {
      std::string out;
      for (const auto& s : trace->steps()) out += (out.empty() ? "" : " ") + s.name + ":" + s.status;
      return out;
    }
  };

  // Runs a workflow by its name over the given workers (all, where none are named).
  std::unique_ptr<Ran> Run(const std::string& workflow, std::vector<FlowSettings> flows = {},
                           bool stream = false, std::vector<std::string> workers = {}) {
    route::RulesOptions options;
    route::Rule rule;
    rule.name = "rule";
    rule.workflow = workflow;
    rule.workers = std::move(workers);
    options.rules.push_back(rule);
    rules_.emplace(std::move(options));
    runner_.emplace(Deps(std::move(flows)));
    auto r = Admit(stream);
    if (!r->permit) return r;
    route_.emplace(*rules_->Choose("baton", route::Compute(request_, *r->permit), *r->permit, catalogue_));
    Drive(r.get(), std::nullopt, nullptr);
    return r;
  }

  std::unique_ptr<Ran> RunPlan(Plan plan, bool stream = false, Chooser* chooser = nullptr) {
    runner_.emplace(Deps());
    rules_.emplace(route::RulesOptions{});
    auto r = Admit(stream);
    if (!r->permit) return r;
    route_.emplace(*rules_->Choose("baton", route::Compute(request_, *r->permit), *r->permit, catalogue_));
    Drive(r.get(), std::move(plan), chooser);
    return r;
  }

  std::unique_ptr<Ran> Admit(bool stream) {
    auto r = std::make_unique<Ran>();
    request_.stream = stream;
    rails::Rails rails(rails_options_, std::make_shared<WordClassifier>());
    auto permit = rails.Admit({}, controls_, request_, catalogue_, loop_.Now());
    EXPECT_TRUE(permit) << (permit ? "" : permit.error().message);
    if (permit) r->permit = std::make_unique<rails::Permit>(std::move(*permit));
    if (stream) r->sink = std::make_unique<ReadingSink>(loop_);
    return r;
  }

  void Drive(Ran* r, std::optional<Plan> plan, Chooser* chooser) {
    const TimePoint began = loop_.Now();
    cancel_.emplace();
    Spawn(Go(this, r, std::move(plan), chooser));
    if (during_) during_(r);
    loop_.Run();
    EXPECT_TRUE(r->trace) << "the run did not end";
    r->took = ended_ - began;
    ExpectClean(*r);
  }

  void ExpectClean(Ran& r) {
    EXPECT_EQ(r.permit->lease().outstanding(), 0) << "money is still held";
    EXPECT_EQ(running_, 0) << "a call still runs";
    for (const auto& s : pool_->Status()) EXPECT_EQ(s.running + s.waiting, 0) << s.name;
  }

  static Task<void> Go(Team* self, Ran* r, std::optional<Plan> plan, Chooser* chooser) {
    Job job{*r->permit, *self->route_, self->request_, self->catalogue_, 20, *self->pool_};
    job.sink = r->sink.get();
    job.observer = r->sink.get();
    job.cancel = &*self->cancel_;
    job.exchange = 42;
    if (plan) {
      Trace trace = co_await self->runner_->RunPlan(std::move(job), std::move(*plan), chooser);
      r->trace.emplace(std::move(trace));
    } else {
      Trace trace = co_await self->runner_->Run(std::move(job));
      r->trace.emplace(std::move(trace));
    }
    self->ended_ = self->loop_.Now();
  }

  const pool::Worker* W(const std::string& name) const { return catalogue_.Find(name); }
  std::vector<std::string> AskedWorkers() const {
    std::vector<std::string> out;
    for (const auto& a : asked_) out.push_back(a.worker);
    return out;
  }
  int Times(const std::string& worker) const {
    int n = 0;
    for (const auto& a : asked_) n += a.worker == worker;
    return n;
  }

  SimLoop loop_;
  rails::Catalogue catalogue_;
  rails::RailsOptions rails_options_;
  rails::Controls controls_;
  chat::Request request_;
  pool::RetryPolicy retry_{0};
  TeamBackend::Script script_ = [](const std::string& w, const chat::Request&) {
    Reply r;
    r.text = "answer of " + w;
    return r;
  };
  std::vector<Asked> asked_;
  int running_ = 0;
  std::unique_ptr<pool::Pool> pool_;
  std::optional<route::Rules> rules_;
  std::optional<route::Route> route_;
  std::optional<Runner> runner_;
  std::optional<Cancel> cancel_;
  std::shared_ptr<HeldTurns> held_ =
      std::make_shared<HeldTurns>(loop_.clock(), HeldTurns::Options{}, nullptr);
  std::function<void(Ran*)> during_;
  std::map<std::string, ChooserMaker> choosers_;
  std::map<std::string, FlowGate> gates_;
  TimePoint ended_{};
};

}  // namespace baton::workflow
