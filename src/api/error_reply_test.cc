#include "api/error_reply.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace baton::api {
namespace {

TEST(ErrorReply, WholeTableIsWhatClientsWereTold) {
  std::string table;
  for (int c = 0; c <= static_cast<int>(Code::kInternal); ++c) {
    Error e = Fail(static_cast<Code>(c), "m");
    const ErrorReply r = Describe(e);
    table +=
        fmt::format("{} {} {} {}\n", CodeName(e.code), r.status, r.type, r.retry_helps ? "retry" : "final");
  }
  EXPECT_EQ(table,
            "invalid_request 400 invalid_request_error final\n"
            "unauthenticated 401 authentication_error final\n"
            "permission_denied 403 permission_error final\n"
            "not_found 404 invalid_request_error final\n"
            "conflict 409 invalid_request_error retry\n"
            "too_large 413 invalid_request_error final\n"
            "unsupported 400 invalid_request_error final\n"
            "over_budget 429 insufficient_quota final\n"
            "rate_limited 429 rate_limit_error retry\n"
            "overloaded 503 server_error retry\n"
            "unavailable 503 server_error retry\n"
            "bad_upstream 502 server_error retry\n"
            "upstream_rejected 400 invalid_request_error final\n"
            "deadline 504 server_error final\n"
            "cancelled 499 invalid_request_error final\n"
            "internal 500 server_error retry\n");
}

TEST(ErrorReply, BodyHasAllFourKeysInOpenAisOrder) {
  EXPECT_EQ(
      ErrorBody(Fail(Code::kInvalidRequest, "say \"please\"", "missing_field", "messages")),
      R"({"error":{"message":"say \"please\"","type":"invalid_request_error","param":"messages","code":"missing_field"}})");
  EXPECT_EQ(ErrorBody(Fail(Code::kInternal, "x")),
            R"({"error":{"message":"x","type":"server_error","param":null,"code":"internal"}})");
}

TEST(ErrorReply, BrokenUtf8FromAProviderIsReplacedNotThrown) {
  EXPECT_NE(ErrorBody(Fail(Code::kBadUpstream, "bad \xff byte")).find("bad \xef\xbf\xbd byte"),
            std::string::npos);
}

TEST(ErrorReply, WorkersRejectionKeepsItsStatusButNeverOurCredentialsFailure) {
  Error e = Fail(Code::kUpstreamRejected, "too long");
  e.upstream_status = 422;
  EXPECT_EQ(Describe(e).status, 422);
  e.upstream_status = 401;
  EXPECT_EQ(Describe(e).status, 400);
}

TEST(ErrorReply, HopelessErrorsTellSdksNotToRetry) {
  net::HeaderList h;
  AddErrorHeaders(Fail(Code::kOverBudget, "spent"), h);
  ASSERT_EQ(h.size(), 1u);
  EXPECT_EQ(h[0].first, "x-should-retry");
  h.clear();
  Error e = Fail(Code::kRateLimited, "later");
  e.retry_after = std::chrono::milliseconds(1500);
  AddErrorHeaders(e, h);
  ASSERT_EQ(h.size(), 2u);
  EXPECT_EQ(h[0], std::make_pair(std::string("retry-after-ms"), std::string("1500")));
  EXPECT_EQ(h[1], std::make_pair(std::string("retry-after"), std::string("2")));
}

}  // namespace
}  // namespace baton::api
