// What a fault does to the bytes of a reply before they are sent. What it does while they are sent (cut,
// stall, split, pace) is delivery.h's part.
#pragma once

#include <string>
#include <vector>

#include "mock/script.h"
#include "net/http.h"
#include "provider/dialect.h"

namespace baton::mock {

// A reply ready to be sent.
struct Prepared {
  int status = 200;
  net::HeaderList headers;
  std::vector<std::string> chunks;  // one for a whole reply
  bool stream = false;
  Fault fault;
};

// The error of `status` in the dialect's shape, with the fault's own words where it has some.
std::string ErrorBody(const provider::ClientCodec& codec, int status, const Fault& fault);
// The code whose shape fits a status.
Code CodeOf(int status);

std::string HtmlPage(int status);

// Encodes the events, applying malformed_sse, in_band_error, no_done and usage.
std::vector<std::string> EncodeStream(const provider::ClientCodec& codec,
                                      const std::vector<chat::Event>& events,
                                      const provider::ReplyShape& shape, const Fault& fault);
// Rewrites the usage in a whole body or in an event, as fault.usage says.
void BreakUsage(const std::string& how, std::string* bytes);

}  // namespace baton::mock
