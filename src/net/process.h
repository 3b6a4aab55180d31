// A child process with its standard streams as pipes on a loop: for programs that are spoken to line by line.
//
// The child gets nothing that was not named: its environment is exactly `env`, no descriptor but 0, 1 and 2
// is open in it, its signals are the default ones, and it leads a process group of its own, so that ending it
// ends what it started too. It never becomes a zombie and never outlives its loop.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/loop.h"
#include "base/result.h"

namespace baton::net {

struct ProcessOptions {
  std::vector<std::string> argv;  // argv[0]: a path when it holds a '/', else looked up in our PATH
  std::vector<std::pair<std::string, std::string>> env;
  std::size_t max_backlog = 16 << 20;  // bytes for its standard input that it has not read yet
  // After Process is destroyed: its input is closed; so long later SIGTERM, and so long again SIGKILL.
  Duration patience = std::chrono::seconds(2);
};

class Process {
 public:
  // Called on the loop, never from inside a call on the Process. May destroy the Process.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void OnOutput(std::string_view bytes) = 0;  // its standard output
    virtual void OnErrors(std::string_view bytes) = 0;  // its standard error
    // It has ended and all its output was reported. 128 + signal when it was killed. Once, the last call.
    virtual void OnEnd(int exit_code) = 0;
  };

  // `loop` must be one of net/loop.h's and outlive the Process; `owner` too. kNotFound "no_program" when
  // there is no such program, kUnavailable "cannot_start" otherwise.
  static Result<std::unique_ptr<Process>> Spawn(Loop& loop, const ProcessOptions& options, Owner& owner);
  // Ends the child in the background (see `patience`); the owner hears no more. A loop that ends first kills
  // it.
  virtual ~Process() = default;

  // Appends to its standard input. False: it reads too slowly or no more; nothing was taken.
  virtual bool Write(std::string_view bytes) = 0;
  // No second chance: SIGKILL to the group. OnEnd() follows.
  virtual void Kill() = 0;
  virtual int pid() const = 0;
};

}  // namespace baton::net
