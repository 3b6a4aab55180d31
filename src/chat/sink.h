// Where a streamed answer goes: the client's connection, a workflow step, a test.
#pragma once

#include "base/result.h"
#include "base/task.h"
#include "chat/types.h"

namespace baton::chat {

class Sink {
 public:
  virtual ~Sink() = default;
  // Takes one event; never suspends, never fails. Memory is bounded by the Flush() that follows each batch.
  virtual void Put(Event event) = 0;
  // Sends what was put; suspends while the reader is slower (back-pressure towards the worker).
  // Error: the reader has gone; nothing further can be delivered.
  virtual Task<Status> Flush() = 0;
};

}  // namespace baton::chat
