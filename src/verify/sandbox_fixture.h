// For tests that run programs: a sandbox per test, and afterwards no process and no descriptor left.
#pragma once

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "verify/sandbox.h"
#include "verify/test_loop.h"

namespace baton::verify {

inline std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::unique_ptr<DIR, int (*)(DIR*)> d(opendir(folder.c_str()), &closedir);
  while (const dirent* e = d ? readdir(d.get()) : nullptr) {
    if (e->d_name[0] != '.') names.emplace_back(e->d_name);
  }
  return names;
}

inline std::string Slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::string ChildrenOfThisProcess() {
  std::string all;
  for (const auto& tid : NamesIn("/proc/self/task")) all += Slurp("/proc/self/task/" + tid + "/children");
  return all;
}

// Processes of the whole machine with `mark` in their command line.
inline int ProcessesWith(const std::string& mark) {
  int count = 0;
  for (const auto& pid : NamesIn("/proc")) {
    if (pid[0] >= '0' && pid[0] <= '9' && Slurp("/proc/" + pid + "/cmdline").find(mark) != std::string::npos)
      ++count;
  }
  return count;
}

// An argument of `sleep` that nobody else uses.
inline std::string Mark() {
  static int n = 0;
  return "98765." + std::to_string(getpid()) + std::to_string(++n);
}

struct SandboxTest : ::testing::Test {
  void SetUp() override {
    fds_before = NamesIn("/proc/self/fd").size();
    auto made = Sandbox::Create();
    if (!made) GTEST_SKIP() << made.error().message;
    sandbox = *made;
  }
  void TearDown() override {
    if (sandbox == nullptr) return;
    EXPECT_EQ(ChildrenOfThisProcess(), "");
    sandbox.reset();
    EXPECT_EQ(NamesIn("/proc/self/fd").size(), fds_before);
  }

  static Task<void> RunInto(Sandbox* s, Loop* loop, Program p, Limits l, Cancel* cancel, RunResult* out,
                            int* left) {
    RunResult r = co_await s->Run(*loop, std::move(p), l, cancel);
    *out = std::move(r);
    --*left;
  }
  RunResult Run(Program p, Limits l = {}, Cancel* cancel = nullptr) {
    RunResult out;
    int left = 1;
    Spawn(RunInto(sandbox.get(), &loop, std::move(p), l, cancel, &out, &left));
    loop.RunUntil([&] { return left == 0; });
    return out;
  }
  RunResult Python(std::string source, Limits l = {}) {
    return Run({Program::Language::kPython, std::move(source), "", {}}, l);
  }
  RunResult Shell(std::string source, Limits l = {}) {
    return Run({Program::Language::kShell, std::move(source), "", {}}, l);
  }
  static Limits Within(int milliseconds) {
    Limits l;
    l.wall = std::chrono::milliseconds(milliseconds);
    return l;
  }

  PumpLoop loop;
  std::shared_ptr<Sandbox> sandbox;
  std::size_t fds_before = 0;
};

}  // namespace baton::verify
