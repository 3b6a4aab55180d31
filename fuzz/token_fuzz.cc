// Whatever a client sends as a key or token, and an issuer as a key set, is read or refused; and nobody but
// the holder of the key, whom this program is not, gets in.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "access/key.h"
#include "access/token.h"

using namespace baton::access;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Issuers* const issuers = [] {
    IssuerSettings settings;
    settings.issuer = "me";
    settings.audiences = {"baton"};
    settings.tenant = "t";
    auto* made = new Issuers({settings}, nullptr);
    // A published key whose other half is not here.
    if (!made->Set(0,
                   std::string(R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k",)"
                               R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})"),
                   baton::TimePoint()))
      std::abort();
    return made;
  }();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (issuers->Verify(text, 1'900'000'000)) std::abort();
  (void)issuers->WantKeys(text, baton::TimePoint());
  if (const auto id = KeyId(text); id && text.find(*id) != kKeyPrefix.size()) std::abort();
  (void)ParseKeySet(text);
  return 0;
}
