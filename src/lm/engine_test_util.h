// Helpers for tests that run a real model.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "chat/assemble.h"
#include "lm/engine.h"
#include "lm/models.h"

namespace baton::lm {

// Tests run in the repository's root; `make test` pulls the models before it starts them.
inline std::string ModelPath(const std::string& name) {
  const char* dir = std::getenv("BATON_MODELS");
  return std::string(dir ? dir : "models") + "/" + FindModel(name)->file;
}

#define NEED_MODEL(name)                                                                    \
  do {                                                                                      \
    if (!std::filesystem::exists(ModelPath(name)))                                          \
      GTEST_SKIP() << ModelPath(name) << " is not there: run 'baton models pull " << (name) \
                   << "' or set BATON_MODELS";                                              \
  } while (0)

// One thread: the other core runs the next test program.
inline std::shared_ptr<Engine> LoadOnce(const std::string& name, int parallel = 8, int context = 512) {
  static std::map<std::string, std::shared_ptr<Engine>> loaded;
  auto& engine = loaded[name + std::to_string(parallel) + "/" + std::to_string(context)];
  if (!engine) {
    auto e = Engine::Load(
        {.path = ModelPath(name), .threads = 1, .max_parallel = parallel, .context_per_sequence = context});
    EXPECT_TRUE(e) << (e ? "" : e.error().message);
    if (e) engine = *e;
  }
  return engine;
}

inline chat::Message Says(chat::Role role, std::string text) {
  chat::Message m;
  m.role = role;
  m.parts.emplace_back(chat::Text{std::move(text), {}});
  return m;
}

// Greedy by default, so that what a test sees is the model's and not the dice's.
inline GenerateRequest Ask(std::string text, std::int64_t max_tokens = 16) {
  GenerateRequest r;
  r.chat.messages.push_back(Says(chat::Role::kSystem, "You are a helpful assistant."));
  r.chat.messages.push_back(Says(chat::Role::kUser, std::move(text)));
  r.chat.max_tokens = max_tokens;
  r.chat.temperature = 0;
  return r;
}

// A generation under way, and what came of it.
struct Running {
  std::vector<chat::Event> events;
  std::promise<Result<Generated>> promise;
  std::future<Result<Generated>> done = promise.get_future();
  std::shared_ptr<Job> job;
  std::optional<Error> refused;

  chat::Response Answer() const {
    chat::Assembler a;
    for (const auto& e : events) a.Add(e);
    return a.Take();
  }
  std::string Text(std::size_t choice = 0) const {
    chat::Response r = Answer();
    return choice < r.choices.size() ? chat::TextOf(r.choices[choice].message) : std::string();
  }
};

inline std::shared_ptr<Running> Start(Engine& engine, GenerateRequest request,
                                      std::function<void(Running&, const chat::Event&)> watch = nullptr) {
  auto run = std::make_shared<Running>();
  auto job = engine.Generate(
      std::move(request),
      [run, watch](chat::Event e) {
        if (watch) watch(*run, e);
        run->events.push_back(std::move(e));
      },
      [run](Result<Generated> r) { run->promise.set_value(std::move(r)); });
  if (job) {
    run->job = *job;
  } else {
    run->refused = job.error();
  }
  return run;
}

// Runs to the end; fails the test when it is refused or fails.
inline std::shared_ptr<Running> Finish(Engine& engine, GenerateRequest request,
                                       Generated* generated = nullptr) {
  auto run = Start(engine, std::move(request));
  EXPECT_FALSE(run->refused) << run->refused->message;
  if (run->refused) return run;
  Result<Generated> r = run->done.get();
  EXPECT_TRUE(r) << (r ? "" : r.error().message);
  if (r && generated) *generated = *r;
  return run;
}

}  // namespace baton::lm
