// A streamed answer that broke off is continued by another worker, or ends with a clean error.
//
// Problem: the client has read half an answer when its provider dies. Options: an error (safe, and the work
// is lost), a second answer from the start (the client reads two), a continuation. Choice: another worker is
// shown the conversation, what was said so far, and asked to go on; Splice checks what it writes: repeated
// words are cut, a new start that says the same is followed silently to the break, a new start that says
// something else is refused and the stream ends with the error that broke it. Only text is continued: tool
// calls and forced formats are not something a second worker may guess the rest of.
#pragma once

#include "pool/pool.h"

namespace baton::workflow {

struct Broken {
  const chat::Request& request;  // as the broken worker was asked
  std::vector<const pool::Worker*>
      others;              // whom to ask, in order; those that broke are left out by the caller
  chat::Response partial;  // what went out before the break
  Error error;             // what broke it
  chat::Sink* sink = nullptr;
  budget::Lease* lease = nullptr;
  Cancel* cancel = nullptr;
  pool::RetryPolicy retry;
};

struct Continued {
  Result<chat::Response> response = Error{};  // the whole answer, or the error that broke it
  const pool::Worker* worker = nullptr;       // who finished it
  std::vector<pool::CallRecord> calls;
};

// Whether such an answer may be continued at all.
bool Continuable(const Broken& broken);
Task<Continued> Continue(Broken broken, pool::Pool& pool);

}  // namespace baton::workflow
