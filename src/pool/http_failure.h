// What can go wrong between us and a provider, as Failures: the network's errors, a codec's, and error
// replies.
#pragma once

#include <string_view>

#include "net/client.h"
#include "pool/create.h"
#include "provider/dialect.h"

namespace baton::pool {

// An error of net/: whose fault, with the worker's name in the message.
provider::Failure NetFailure(Error error, const Worker& worker);

// An error a codec reported about a reply with a good status (in-band errors, broken streams, no answer).
provider::Failure ReplyFailure(Error error);

// Our own refusal or the codec's, before anything was sent.
provider::Failure NotSent(Error error);

// Reads an error reply (any status but 2xx, or a 2xx that is a web page): bounded in bytes and time.
Task<provider::Failure> ReadErrorReply(const provider::WorkerCodec& codec, const Worker& worker, Loop& loop,
                                       net::ClientResponse& response, HttpLimits limits, Deadline deadline);

}  // namespace baton::pool
